/**
 * Deliveries that wait for their chunk. All of a chunk share one promise: there is one result, and nothing is allocated
 * for each.
 */
import type { Delivery } from '../delivery.ts';

export interface GatheredChunk {
  readonly deliveries: readonly Delivery[];
  resolve(): void;
  reject(reason: unknown): void;
}

export interface WaitingChunk {
  /** Resolves when there is no more to wait for. */
  readonly isFull: Promise<void>;
}

interface OpenChunk extends GatheredChunk, WaitingChunk {
  readonly deliveries: Delivery[];
  readonly stored: Promise<void>;
  close(): void;
}

export class ChunkGatherer {
  readonly #maxDeliveries: number;
  /** In the order of storing; the last one takes what comes. */
  #chunks: OpenChunk[] = [];
  #closesAtOnce = false;

  constructor(maxDeliveries: number) {
    this.#maxDeliveries = maxDeliveries;
  }

  /** Settles when the chunk that the delivery is in does. */
  add(delivery: Delivery): Promise<void> {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.deliveries.length >= this.#maxDeliveries) {
      chunk = openChunk();
      this.#chunks.push(chunk);
    }
    chunk.deliveries.push(delivery);
    if (chunk.deliveries.length >= this.#maxDeliveries || this.#closesAtOnce) chunk.close();
    return chunk.stored;
  }

  /** The chunk that is stored next; undefined where nothing waits. */
  first(): WaitingChunk | undefined {
    return this.#chunks[0];
  }

  /** Takes that chunk: later deliveries go to another. */
  take(): GatheredChunk | undefined {
    return this.#chunks.shift();
  }

  /** Closes every chunk, now and from now on: none waits to fill up. */
  closeAll(): void {
    this.#closesAtOnce = true;
    for (const chunk of this.#chunks) chunk.close();
  }

  rejectAll(reason: unknown): void {
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) {
      chunk.close();
      chunk.reject(reason);
    }
  }
}

function openChunk(): OpenChunk {
  const { promise: stored, resolve, reject } = Promise.withResolvers<void>();
  // A caller that has gone away leaves nobody to hear of it.
  stored.catch(() => undefined);
  const { promise: isFull, resolve: close } = Promise.withResolvers<void>();
  return { deliveries: [], stored, resolve, reject, isFull, close };
}
