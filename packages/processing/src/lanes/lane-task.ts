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
  readonly tracker: OffsetTracker<PartitionTask<State>>;
  /** The partition is read past records of the connector: they come by its own cursor. */
  isLagging: boolean;
  /** When the last of its records that came was written, epoch milliseconds; undefined before one has. */
  lastWrittenAtMs: number | undefined;
  /** When the partition was last read for it alone, counted in pages: the one that has waited longest comes next. */
  readTurn: number;
  /** Records in hand, and those among them that hold the partition's own offset back; likewise bytes. */
  records: number;
  bytes: number;
  mainRecords: number;
  mainBytes: number;
}

/** What tasks tell of themselves. */
export interface LaneTaskEvents<Task> {
  waits(task: Task): void;
  released(task: Task): void;
  finished(task: Task): void;
  failed(task: Task, fault: unknown): void;
}

/** For what a record is replayed. */
export interface ReplayMark {
  readonly replayId: string;
  /** When it was ordered, epoch milliseconds. */
  readonly startedAtMs: number;
  /** The record is of a topic of its own: its offsets are not those of the partition. */
  readonly isOfOwnTopic: boolean;
}

/** One record from its reading to its end. `State` is whatever the handler keeps with it. */
export abstract class LaneTask<State> {
  readonly record: ConsumedRecord;
  readonly connectorId: string;
  readonly sizeBytes: number;
  /** Undefined for what the partition's consumer group has read. */
  readonly replay: ReplayMark | undefined;
  /** For the handler. */
  state: State | undefined = undefined;

  /** The rest is of the lanes. */
  lane: Lane<LaneTask<State>> | undefined = undefined;
  isDone = false;
  isReleased = false;
  /** It was given up, to be read again or for good: its end counts for its lane only. */
  isEvicted = false;

  constructor(record: ConsumedRecord, connectorId: string, sizeBytes: number, replay: ReplayMark | undefined) {
    this.record = record;
    this.connectorId = connectorId;
    this.sizeBytes = sizeBytes;
    this.replay = replay;
  }

  get offset(): bigint {
    return this.record.offset;
  }

  /** Its effect was under way, and is to be tried again: what need not wait for that may go first. */
  abstract waits(): void;

  /** The next record of the key may start. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.onReleased();
  }

  /** The record may be forgotten: what became of it is durable. Implies `release`. */
  finish(): void {
    this.isDone = true;
    this.onFinished();
    this.release();
  }

  /** It cannot be handled and nobody knows why: the consumer stops, and nothing of its key overtakes it. */
  abstract fail(fault: unknown): void;

  protected abstract onReleased(): void;

  protected abstract onFinished(): void;
}

/** A record of the partition itself. */
export class PartitionTask<State> extends LaneTask<State> {
  readonly queue: ConnectorQueue<State>;
  /** When it was read, epoch milliseconds. */
  readonly sinceMs: number;
  /** It holds the partition's own offset back; false where that is its connector's cursor. */
  isMain: boolean;
  readonly #events: LaneTaskEvents<PartitionTask<State>>;

  constructor(
    record: ConsumedRecord,
    queue: ConnectorQueue<State>,
    sizeBytes: number,
    sinceMs: number,
    isMain: boolean,
    events: LaneTaskEvents<PartitionTask<State>>,
  ) {
    super(record, queue.name, sizeBytes, undefined);
    this.queue = queue;
    this.sinceMs = sinceMs;
    this.isMain = isMain;
    this.#events = events;
  }

  waits(): void {
    this.#events.waits(this);
  }

  fail(fault: unknown): void {
    this.#events.failed(this, fault);
  }

  protected onReleased(): void {
    this.#events.released(this);
  }

  protected onFinished(): void {
    this.#events.finished(this);
  }
}

/** A record of a replay, which has a position of its own. */
export class ReplayedTask<State> extends LaneTask<State> {
  declare readonly replay: ReplayMark;
  readonly #events: LaneTaskEvents<ReplayedTask<State>>;

  constructor(
    record: ConsumedRecord,
    connectorId: string,
    sizeBytes: number,
    replay: ReplayMark,
    events: LaneTaskEvents<ReplayedTask<State>>,
  ) {
    super(record, connectorId, sizeBytes, replay);
    this.#events = events;
  }

  waits(): void {
    this.#events.waits(this);
  }

  fail(fault: unknown): void {
    this.#events.failed(this, fault);
  }

  protected onReleased(): void {
    this.#events.released(this);
  }

  protected onFinished(): void {
    this.#events.finished(this);
  }
}
