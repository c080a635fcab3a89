/** Sends that wait for the next request, in order, cut into requests by bytes. No I/O and no clock. */
import type { OutgoingRecord, RecordPosition } from '@astrolabe/records';

/** One caller's records, or the part of them that goes into one request, and its promise. */
export interface AccumulatedSend {
  readonly topic: string;
  readonly records: readonly OutgoingRecord[];
  readonly sizeBytes: number;
  /** Whether the caller has its answer and waits no longer. */
  isSettled(): boolean;
  resolve(positions: readonly RecordPosition[]): void;
  reject(error: Error): void;
  /** At once where the caller has its answer already. */
  onSettled(callback: () => void): void;
}

/** A whole send, for the side that put it into the queue. */
export interface QueuedSend extends Pick<AccumulatedSend, 'reject' | 'onSettled'> {
  readonly promise: Promise<readonly RecordPosition[]>;
}

export class Accumulator {
  readonly #maxRequestBytes: number;
  /** A set keeps the order of arrival, and taking one out of the middle of many thousands costs nothing. */
  readonly #waiting = new Set<AccumulatedSend>();
  #waitingRecords = 0;

  constructor(maxRequestBytes: number) {
    this.#maxRequestBytes = maxRequestBytes;
  }

  /** Records that wait for a request. */
  get waitingRecords(): number {
    return this.#waitingRecords;
  }

  /** A send larger than one request is cut, and resolves when all its parts are acknowledged. */
  add(topic: string, records: readonly OutgoingRecord[], sizes: readonly number[]): QueuedSend {
    const { promise, resolve, reject } = Promise.withResolvers<readonly RecordPosition[]>();
    const callbacks: (() => void)[] = [];
    let settled = false;
    const settle = (): void => {
      settled = true;
      for (const callback of callbacks.splice(0)) callback();
    };
    const positions: (readonly RecordPosition[])[] = [];
    const caller = {
      isSettled: () => settled,
      // What was not yet given to a request is taken back; what was may still be stored.
      reject: (error: Error) => {
        for (const part of parts) this.#take(part);
        reject(error);
        settle();
      },
      onSettled: (callback: () => void) => {
        if (settled) callback();
        else callbacks.push(callback);
      },
    };
    const parts = cutBySize(records, sizes, this.#maxRequestBytes).map((part, index): AccumulatedSend => ({
      topic,
      ...part,
      ...caller,
      resolve: (acknowledged) => {
        positions[index] = acknowledged;
        unacknowledged -= 1;
        if (unacknowledged > 0) return;
        resolve(positions.flat());
        settle();
      },
    }));
    let unacknowledged = parts.length;
    for (const part of parts) this.#waiting.add(part);
    this.#waitingRecords += records.length;
    return { promise, reject: caller.reject, onSettled: caller.onSettled };
  }

  /** The sends of the next request, at least one if any waits; empty when none does. */
  next(): readonly AccumulatedSend[] {
    let sizeBytes = 0;
    const taken: AccumulatedSend[] = [];
    for (const send of this.#waiting) {
      if (taken.length > 0 && sizeBytes + send.sizeBytes > this.#maxRequestBytes) break;
      sizeBytes += send.sizeBytes;
      taken.push(send);
      this.#take(send);
    }
    return taken;
  }

  #take(send: AccumulatedSend): void {
    if (this.#waiting.delete(send)) this.#waitingRecords -= send.records.length;
  }
}

interface Part {
  readonly records: readonly OutgoingRecord[];
  readonly sizeBytes: number;
}

function cutBySize(records: readonly OutgoingRecord[], sizes: readonly number[], maxBytes: number): Part[] {
  const parts: Part[] = [];
  let start = 0;
  let sizeBytes = 0;
  sizes.forEach((size, index) => {
    if (index > start && sizeBytes + size > maxBytes) {
      parts.push({ records: records.slice(start, index), sizeBytes });
      start = index;
      sizeBytes = 0;
    }
    sizeBytes += size;
  });
  parts.push({ records: start === 0 ? records : records.slice(start), sizeBytes });
  return parts;
}
