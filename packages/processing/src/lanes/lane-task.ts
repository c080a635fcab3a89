import type { ConsumedRecord } from '@astrolabe/records';
import type { Lane } from './key-lanes.ts';
import type { OffsetTracker } from './offset-tracker.ts';

/** An amount of records in memory. */
export interface Amount {
  readonly records: number;
  readonly bytes: number;
}

/**
 * Records of one connector on a partition (`LaneProcessorOptions.connectorOf`). It follows its partition, or lags
 * behind it with a cursor of its own (`docs/adr/0009`).
 */
export interface ConnectorQueue<State> {
  readonly name: string;
  /**
   * What is in hand of the connector. While it lags, its position is where to read on, and its committable offset the
   * cursor.
   */
  readonly tracker: OffsetTracker<LaneTask<State>>;
  /** The partition is read past records of the connector: they come by its own cursor. */
  isLagging: boolean;
  /** When the partition was last read for it alone, counted in pages: the one that has waited longest comes next. */
  readTurn: number;
  /** Records in hand, and those among them that hold the partition's own offset back; likewise bytes. */
  records: number;
  bytes: number;
  mainRecords: number;
  mainBytes: number;
}

/** What a task tells of itself. */
export interface LaneTaskEvents<State> {
  released(task: LaneTask<State>): void;
  finished(task: LaneTask<State>): void;
  failed(task: LaneTask<State>, fault: unknown): void;
}

/** One record from its reading to its end. `State` is whatever the handler keeps with it. */
export class LaneTask<State> {
  readonly record: ConsumedRecord;
  readonly queue: ConnectorQueue<State>;
  readonly sizeBytes: number;
  /** When it was read, epoch milliseconds. */
  readonly sinceMs: number;
  /** For the handler. */
  state: State | undefined = undefined;

  /** The rest is of the lane processor. */
  lane: Lane<LaneTask<State>> | undefined = undefined;
  isDone = false;
  isReleased = false;
  /** It holds the partition's own offset back; false where that is its connector's cursor. */
  isMain: boolean;
  /** It is to be read again: its end counts for its lane only. */
  isEvicted = false;
  readonly #events: LaneTaskEvents<State>;

  constructor(
    record: ConsumedRecord,
    queue: ConnectorQueue<State>,
    sizeBytes: number,
    sinceMs: number,
    isMain: boolean,
    events: LaneTaskEvents<State>,
  ) {
    this.record = record;
    this.queue = queue;
    this.sizeBytes = sizeBytes;
    this.sinceMs = sinceMs;
    this.isMain = isMain;
    this.#events = events;
  }

  get offset(): bigint {
    return this.record.offset;
  }

  /** The next record of the key may start. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.#events.released(this);
  }

  /** The record may be forgotten: what became of it is durable. Implies `release`. */
  finish(): void {
    this.isDone = true;
    this.#events.finished(this);
    this.release();
  }

  /** It cannot be handled and nobody knows why: the consumer stops, and nothing of its key overtakes it. */
  fail(fault: unknown): void {
    this.#events.failed(this, fault);
  }
}
