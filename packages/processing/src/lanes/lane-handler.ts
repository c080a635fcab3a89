/** What a lane processor needs of those who use it. */
import type { ConsumedRecord } from '@astrolabe/records';
import type { ReadPage } from './catch-up-reader.ts';
import type { LaneTask } from './lane-task.ts';
import type { ReplayLineOptions, ReplayedRecords } from './replay/replayed-records.ts';
import type { WorkPosition } from '../consumer/core/partition-lag.ts';
import type { PartitionProcessor, PartitionSession } from '../consumer/partition-processor.ts';

/** Handles records, each to its end. One for all partitions. */
export interface LaneHandler<State> {
  /**
   * Called when the task is the first of its key. Ends with `finish` or `fail` of the task, maybe within the call; must
   * not throw.
   */
  start(task: LaneTask<State>): void;
  /**
   * Gives a started task up: true where it only waited, and nothing comes of it any more; false where its effect is
   * under way.
   */
  withdraw(task: LaneTask<State>): boolean;
  /** Gives a task up whose effect is under way: nothing comes of it here any more. */
  abort(task: LaneTask<State>): void;
  /** Whether nothing of the connector can be done for the time being. */
  isBlocked(connectorId: string): boolean;
}

export interface LaneLimits {
  /** Records in hand at which the largest connector lags, so that what is unread behind them need not wait for it. */
  readonly maxRecords: number;
  /** Bytes in hand at which the largest connector lags. */
  readonly maxBytes: number;
  /** Records in hand of a connector that lags, at most, where many lag; few share twice `maxRecords`. */
  readonly windowRecords: number;
  /** Bytes in hand of a connector that lags, at most, where many lag; few share twice `maxBytes`. */
  readonly windowBytes: number;
  /** How long one record may hold the partition's offset back before its connector lags. */
  readonly maxHoldMs: number;
  /**
   * While so many connectors have a cursor, a full buffer pauses the partition until half of it is free: memory is
   * bounded.
   */
  readonly maxLaggingConnectors: number;
}

/**
 * Why a connector lags: a record held the offset back, the connector filled the buffer, or it did so for the
 * partition's previous owner.
 */
export type LagReason = 'holds-offset' | 'fills-buffer' | 'restored';

export interface LaneProcessorOptions<State> {
  readonly session: PartitionSession;
  readonly laneOf: (record: ConsumedRecord) => string;
  readonly connectorOf: (record: ConsumedRecord) => string;
  readonly handler: LaneHandler<State>;
  readonly limits: LaneLimits;
  readonly nowMs: () => number;
  /**
   * Where the consumer group stands, and its metadata. Awaited before the first record is started. Undefined: at the
   * first record.
   */
  readonly restore: (() => Promise<{ readonly nextOffset: bigint | undefined; readonly metadata: string }>) | undefined;
  readonly readPage: ReadPage;
  /** A connector begins to lag, or has caught up (`undefined`). */
  readonly onLag?: (connectorId: string, reason: LagReason | undefined) => void;
}

export interface ConnectorCursor {
  /** Everything of the connector below is finished. */
  readonly offset: bigint;
  /**
   * When the record at the cursor was written, epoch milliseconds, or the one before it while that one is being read.
   * Undefined until the first was read, after a restart for example.
   */
  readonly writtenAtMs: number | undefined;
}

export interface LaneProcessor<State = never> extends PartitionProcessor {
  quiesce(): void;
  /** Of the partition's own offset: connectors that lag are apart. */
  workPosition(): WorkPosition | undefined;
  /**
   * Opens a line of replayed records, which run in the same lanes behind those of the partition and have a position and
   * a window of their own. To be called for the handler's own records only.
   */
  replay<Outcome extends string>(options: ReplayLineOptions<State, Outcome>): ReplayedRecords<Outcome>;
  /** Decides which connectors lag, and reads on for those that do. To be called every quarter of a second or so. */
  review(): void;
  /** Connectors that have a cursor of their own, by name. */
  cursors(): ReadonlyMap<string, ConnectorCursor>;
  /** Records in hand. */
  recordCount(): number;
  laneCount(): number;
  /** The first offset that this partition has not read. */
  position(): bigint | undefined;
  /** Records of the connector below it have a place in their lanes, or are finished; 0 before the first is read. */
  takenTo(connectorId: string): bigint;
}
