/**
 * Records of a partition in batches, one batch at a time, in order, committed after each. Used by the mapper: batches grow with the load
 * and shrink to single records when it is quiet, so that latency stays low.
 */
import type { PartitionProcessor, PartitionSession } from './partition-processor.ts';
import { recordSizeBytes, type ConsumedRecord } from './record.ts';

export interface BatchProcessorOptions {
  readonly session: PartitionSession;
  /**
   * Handles a batch to its end: what it produces is acknowledged when it resolves. A rejection is a fault that stops the consumer, unless
   * `signal` has aborted.
   */
  readonly handle: (records: readonly ConsumedRecord[], signal: AbortSignal) => Promise<void>;
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  /** Records in hand at which the partition is paused; resumed at half. */
  readonly maxBufferedRecords: number;
  /** Bytes in hand at which the partition is paused; resumed at half. */
  readonly maxBufferedBytes: number;
}

export function createBatchProcessor(options: BatchProcessorOptions): PartitionProcessor {
  return new BatchProcessor(options);
}

interface Fetched {
  readonly records: readonly ConsumedRecord[];
  readonly nextOffset: bigint;
}

class BatchProcessor implements PartitionProcessor {
  readonly #options: BatchProcessorOptions;
  #queue: Fetched[] = [];
  /** Records of the first fetch in the queue that earlier batches have taken. */
  #taken = 0;
  #records = 0;
  #bytes = 0;
  #paused = false;
  #stopped = false;
  #working: Promise<void> | undefined;

  constructor(options: BatchProcessorOptions) {
    this.#options = options;
  }

  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    if (this.#stopped) return;
    this.#queue.push({ records, nextOffset });
    this.#records += records.length;
    for (const record of records) this.#bytes += recordSizeBytes(record);
    const { maxBufferedRecords, maxBufferedBytes, session } = this.#options;
    if (!this.#paused && (this.#records >= maxBufferedRecords || this.#bytes >= maxBufferedBytes)) {
      this.#paused = true;
      session.pause();
    }
    this.#working ??= this.#work();
  }

  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { session } = this.#options;
    try {
      // One turn, so that all partitions' records of one fetch are in hand before the first batch is cut.
      await Promise.resolve();
      while (this.#queue.length > 0 && !this.#stopped) {
        const { records, nextOffset } = this.#nextBatch();
        if (records.length > 0) await this.#options.handle(records, session.signal);
        session.markCommittable(nextOffset);
        this.#release(records);
      }
    } catch (fault) {
      this.#stopped = true;
      if (!session.signal.aborted) session.fail(fault);
    } finally {
      this.#working = undefined;
    }
  }

  #nextBatch(): Fetched {
    const { maxBatchRecords, maxBatchBytes } = this.#options;
    const records: ConsumedRecord[] = [];
    let bytes = 0;
    let nextOffset = 0n;
    for (let fetch = this.#queue[0]; fetch !== undefined; fetch = this.#queue[0]) {
      while (this.#taken < fetch.records.length) {
        const record = fetch.records[this.#taken];
        if (record === undefined) break;
        const size = recordSizeBytes(record);
        if (records.length >= maxBatchRecords || (records.length > 0 && bytes + size > maxBatchBytes)) {
          return { records, nextOffset };
        }
        records.push(record);
        bytes += size;
        nextOffset = record.offset + 1n;
        this.#taken += 1;
      }
      nextOffset = fetch.nextOffset;
      this.#queue.shift();
      this.#taken = 0;
    }
    return { records, nextOffset };
  }

  #release(records: readonly ConsumedRecord[]): void {
    this.#records -= records.length;
    for (const record of records) this.#bytes -= recordSizeBytes(record);
    const { maxBufferedRecords, maxBufferedBytes, session } = this.#options;
    if (this.#paused && this.#records <= maxBufferedRecords / 2 && this.#bytes <= maxBufferedBytes / 2) {
      this.#paused = false;
      session.resume();
    }
  }
}
