/**
 * The chunks that were read last. A replay asks for commands in about the order in which they were delivered, so one
 * read of a chunk answers for hundreds of them.
 */
import type { DeliveryChunk } from '../chunk/delivery-chunk.ts';

const MAX_CHUNKS = 64;
const MAX_BYTES = 4 * 1_048_576;
const POSITIONS = 2 ** 32;

export class FrameCache {
  /** By segment and position, the one used last at the end. */
  readonly #chunks = new Map<number, DeliveryChunk>();
  #bytes = 0;

  get(sequence: number, position: number, read: () => DeliveryChunk): DeliveryChunk {
    const name = sequence * POSITIONS + position;
    const known = this.#chunks.get(name);
    if (known !== undefined) {
      this.#chunks.delete(name);
      this.#chunks.set(name, known);
      return known;
    }
    const chunk = read();
    this.#chunks.set(name, chunk);
    this.#bytes += chunk.bytes.length;
    for (const [oldest, { bytes }] of this.#chunks) {
      if (this.#chunks.size <= MAX_CHUNKS && this.#bytes <= MAX_BYTES) break;
      if (oldest === name) break;
      this.#chunks.delete(oldest);
      this.#bytes -= bytes.length;
    }
    return chunk;
  }

  get memoryBytes(): number {
    return this.#bytes;
  }
}
