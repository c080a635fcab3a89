/**
 * Records of a partition by key: in order within a key, side by side across keys, committed up to the first record that has not
 * finished. Used by the dispatcher.
 */
import { KeyLanes } from './key-lanes.ts';
import { OffsetTracker, type TrackedOffset } from './offset-tracker.ts';
import type { PartitionProcessor, PartitionSession } from './partition-processor.ts';
import { recordSizeBytes, type ConsumedRecord } from './record.ts';

export interface LaneProcessorOptions {
  readonly session: PartitionSession;
  /** The lane of a record: records of one lane are handled one after the other. */
  readonly laneOf: (record: ConsumedRecord) => string;
  /**
   * Handles one record to its end: delivered, skipped or dead-lettered, whichever is durable. When it resolves the record may be forgotten.
   * It gives up with a rejection when `signal` aborts. Any other rejection is a fault that stops the consumer.
   */
  readonly handle: (record: ConsumedRecord, signal: AbortSignal) => Promise<void>;
  /** Records in hand at which the partition is paused; resumed at half. */
  readonly maxRecords: number;
  /** Bytes in hand at which the partition is paused; resumed at half. */
  readonly maxBytes: number;
}

export function createLaneProcessor(options: LaneProcessorOptions): PartitionProcessor {
  return new LaneProcessor(options);
}

class LaneProcessor implements PartitionProcessor {
  readonly #options: LaneProcessorOptions;
  readonly #lanes: KeyLanes;
  #tracker: OffsetTracker | undefined;
  #records = 0;
  #bytes = 0;
  #paused = false;
  #stopped = false;
  #waiters: (() => void)[] = [];

  constructor(options: LaneProcessorOptions) {
    this.#options = options;
    this.#lanes = new KeyLanes((fault) => {
      options.session.fail(fault);
    });
  }

  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    if (this.#stopped) return;
    const { laneOf, maxRecords, maxBytes, session } = this.#options;
    const tracker = (this.#tracker ??= new OffsetTracker(records[0]?.offset ?? nextOffset));
    for (const record of records) {
      const tracked = tracker.track(record.offset);
      const sizeBytes = recordSizeBytes(record);
      this.#records += 1;
      this.#bytes += sizeBytes;
      this.#lanes.add(laneOf(record), () => this.#handle(record, sizeBytes, tracker, tracked));
    }
    tracker.advanceTo(nextOffset);
    if (tracker.pendingCount === 0) session.markCommittable(tracker.committableOffset);
    if (!this.#paused && (this.#records >= maxRecords || this.#bytes >= maxBytes)) {
      this.#paused = true;
      session.pause();
    }
  }

  idle(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    return promise;
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#lanes.close();
    this.#wakeWaiters();
    return this.idle();
  }

  async #handle(
    record: ConsumedRecord,
    sizeBytes: number,
    tracker: OffsetTracker,
    tracked: TrackedOffset,
  ): Promise<void> {
    const { session, handle } = this.#options;
    try {
      // The signal aborts before `stop` is called: what follows the abandoned record in its lane must not start in between.
      if (session.signal.aborted) return;
      await handle(record, session.signal);
      if (tracker.complete(tracked)) session.markCommittable(tracker.committableOffset);
    } catch (fault) {
      if (!session.signal.aborted) throw fault;
    } finally {
      this.#records -= 1;
      this.#bytes -= sizeBytes;
      this.#resumeAtHalf();
      this.#wakeWaiters();
    }
  }

  #resumeAtHalf(): void {
    const { maxRecords, maxBytes, session } = this.#options;
    if (!this.#paused || this.#records > maxRecords / 2 || this.#bytes > maxBytes / 2) return;
    this.#paused = false;
    session.resume();
  }

  /** A turn later, when the lanes have counted what has just finished. */
  #wakeWaiters(): void {
    if (this.#waiters.length === 0) return;
    setImmediate(() => {
      if (this.#lanes.size > 0) return;
      for (const resolve of this.#waiters.splice(0)) resolve();
    });
  }
}
