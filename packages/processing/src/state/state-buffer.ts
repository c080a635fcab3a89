/**
 * Records in hand: taken in batches, kept until what came of them is stored, given out again after a failure. No I/O.
 */
import { recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import { present } from '@astrolabe/service-kit/errors';

export interface TakenBatch {
  readonly records: readonly ConsumedRecord[];
  /** Follows the last record, or what came behind it without records. */
  readonly nextOffset: bigint;
}

export interface BufferLimits {
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
}

const COMPACT_AT = 1_024;

export class RecordBuffer {
  readonly #limits: BufferLimits;
  /** What is released is undefined at once: a record keeps the whole fetch that it came with in memory. */
  readonly #records: (ConsumedRecord | undefined)[] = [];
  readonly #sizes: number[] = [];
  /** Index of the first record that is not released. */
  #first = 0;
  /** Index of the first record that is not taken. */
  #next = 0;
  #sizeBytes = 0;
  /** Records below are of no interest. */
  #floor = 0n;
  /** Follows what was added, and what was taken. */
  #end = 0n;
  #taken = 0n;

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  /** The first record that is not released; undefined where none is in hand. */
  get oldest(): ConsumedRecord | undefined {
    return this.#records[this.#first];
  }

  /** Below it everything is released. */
  get floor(): bigint {
    return this.#floor;
  }

  /** Follows what was added; 0 before anything was. */
  get end(): bigint {
    return this.#end;
  }

  get recordCount(): number {
    return this.#records.length - this.#first;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get hasMore(): boolean {
    return this.#taken < this.#end;
  }

  /** Whether anything was added that is not released. */
  get hasUnreleased(): boolean {
    return this.#floor < this.#end;
  }

  add(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    for (const record of records) {
      if (record.offset < this.#floor) continue;
      const sizeBytes = recordSizeBytes(record);
      this.#records.push(record);
      this.#sizes.push(sizeBytes);
      this.#sizeBytes += sizeBytes;
    }
    if (nextOffset > this.#end) this.#end = nextOffset;
  }

  /** The next batch, without records where only the position moves; undefined where nothing is left to take. */
  take(): TakenBatch | undefined {
    if (!this.hasMore) return undefined;
    const { maxBatchRecords, maxBatchBytes } = this.#limits;
    const start = this.#next;
    const stop = Math.min(this.#records.length, start + maxBatchRecords);
    let bytes = 0;
    while (this.#next < stop) {
      bytes += present(this.#sizes[this.#next], 'the size of a buffered record');
      if (this.#next > start && bytes > maxBatchBytes) break;
      this.#next += 1;
    }
    const records = this.#records.slice(start, this.#next).filter((record) => record !== undefined);
    const last = records.at(-1);
    this.#taken = this.#next < this.#records.length && last !== undefined ? last.offset + 1n : this.#end;
    return { records, nextOffset: this.#taken };
  }

  /** Forgets what is below the offset. */
  releaseBelow(offset: bigint): void {
    this.#floor = offset;
    let first = this.#first;
    for (; first < this.#records.length; first += 1) {
      const record = this.#records[first];
      if (record === undefined || record.offset >= offset) break;
      this.#records[first] = undefined;
      this.#sizeBytes -= present(this.#sizes[first], 'the size of a buffered record');
    }
    this.#first = first;
    this.#next = Math.max(this.#next, first);
    if (this.#first < COMPACT_AT || this.#first * 2 < this.#records.length) return;
    this.#records.splice(0, this.#first);
    this.#sizes.splice(0, this.#first);
    this.#next -= this.#first;
    this.#first = 0;
  }

  /** Gives everything from the offset on out again, and forgets what is below. */
  rewindTo(offset: bigint): void {
    this.releaseBelow(offset);
    this.#next = this.#first;
    this.#taken = offset;
  }
}
