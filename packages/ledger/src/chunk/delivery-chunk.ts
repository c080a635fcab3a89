/**
 * A decoded chunk. Its columns have fixed widths, so one delivery is read without the others; `chunk-codec.ts` has the
 * layout.
 */
import { KEY_BYTES, tagOf } from '../command-key.ts';
import type { Delivery, DeliveryOutcome } from '../delivery.ts';
import type { FailedAttempts } from '../failed-attempts.ts';

export const VERSION = 1;
/** Of chunks that hold failed attempts and no deliveries (`attempts-codec.ts`). */
export const ATTEMPTS_VERSION = 2;
export const ENDINGS_START = 20;

/** The index is the code in the format: append only. */
export const outcomes: readonly DeliveryOutcome[] = ['delivered', 'duplicate', 'dead-lettered'];

export type Ending = Pick<Delivery, 'outcome' | 'status' | 'connectorId'>;

interface Column {
  readonly start: number;
  readonly width: number;
}

export interface ChunkColumns {
  readonly keys: number;
  readonly endings: Column;
  readonly offsets: Column;
  readonly ages: Column;
}

export class DeliveryChunk {
  readonly bytes: Buffer;
  readonly count: number;
  /** Time of the newest that it has, epoch milliseconds. */
  readonly newestAtMs: number;
  /** A chunk has either deliveries or these. */
  readonly attempts: readonly FailedAttempts[];
  readonly #lowestOffset: number;
  readonly #endings: readonly Ending[];
  readonly #columns: ChunkColumns;

  /** Use `decodeChunk`, which checks what is taken for granted here. */
  constructor(
    bytes: Buffer,
    count: number,
    endings: readonly Ending[],
    columns: ChunkColumns,
    attempts: readonly FailedAttempts[] = [],
  ) {
    this.bytes = bytes;
    this.count = count;
    this.newestAtMs = bytes.readUIntLE(6, 6);
    this.#lowestOffset = bytes.readUIntLE(12, 6);
    this.#endings = endings;
    this.#columns = columns;
    this.attempts = attempts;
  }

  tagAt(index: number): number {
    return tagOf(this.bytes, this.#columns.keys + index * KEY_BYTES);
  }

  /**
   * The last delivery of the command with that key that happened after `afterMs`; -1 when there is none. Compares all
   * 128 bits.
   */
  find(key: Buffer, afterMs: number): number {
    const { bytes } = this;
    const { keys } = this.#columns;
    const head = key.readUInt32LE(0);
    for (let index = this.count - 1; index >= 0; index -= 1) {
      const at = keys + index * KEY_BYTES;
      if (bytes.readUInt32LE(at) !== head || bytes.compare(key, 0, KEY_BYTES, at, at + KEY_BYTES) !== 0) continue;
      if (this.#atMs(index) > afterMs) return index;
    }
    return -1;
  }

  deliveryAt(index: number): Delivery {
    const at = this.#columns.keys + index * KEY_BYTES;
    const ending = this.#endings[this.#valueAt(this.#columns.endings, index)];
    if (ending === undefined) throw new RangeError(`a chunk of ${this.count} has no delivery ${index}`);
    return {
      commandId: this.bytes.toString('hex', at, at + KEY_BYTES),
      connectorId: ending.connectorId,
      outcome: ending.outcome,
      status: ending.status,
      offset: BigInt(this.#lowestOffset + this.#valueAt(this.#columns.offsets, index)),
      atMs: this.#atMs(index),
    };
  }

  deliveries(): Delivery[] {
    return Array.from({ length: this.count }, (_, index) => this.deliveryAt(index));
  }

  highestEnding(): number {
    const { endings } = this.#columns;
    if (endings.width === 0) return 0;
    let highest = 0;
    for (let index = 0; index < this.count; index += 1) highest = Math.max(highest, this.#valueAt(endings, index));
    return highest;
  }

  #atMs(index: number): number {
    return this.newestAtMs - this.#valueAt(this.#columns.ages, index);
  }

  #valueAt({ start, width }: Column, index: number): number {
    if (width === 0) return 0;
    if (width === 1) return this.bytes[start + index] ?? 0;
    return this.bytes.readUIntLE(start + index * width, width);
  }
}
