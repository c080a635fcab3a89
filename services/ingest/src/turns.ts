/**
 * Shares the one thread among senders in turns: an expensive body of one sender delays another at most by the body in
 * progress. While there is little to do, work is done at once without waiting.
 *
 * After a slice of work the sockets are polled, so that a request that arrived meanwhile competes for the next turn.
 * Otherwise a hundred bodies that were read at the same moment would all be parsed first.
 */
import { FairQueue } from './core/limits/fair-queue.ts';

export interface Turns {
  /**
   * Does the work now if the slice has time left and nothing waits, else when it is the sender's turn. Calls `onWorked`
   * with the milliseconds that it took, before the result is returned and also if the work throws.
   */
  run<Result>(sender: string, work: () => Result, onWorked: (workMs: number) => void): Promise<Result> | Result;
}

export interface TurnsOptions {
  /** Milliseconds from any origin that never go back. */
  readonly monotonicMs: () => number;
  /** Calls back after the sockets were polled once. */
  readonly afterSockets: (callback: () => void) => void;
}

/** Enough for many small requests, or half of an unusually expensive one. */
const SLICE_MS = 4;

export function createTurns({ monotonicMs, afterSockets }: TurnsOptions): Turns {
  const queue = new FairQueue<() => void>();
  let usedMs = 0;
  let isNextSliceDue = false;

  const measure = <Result>(sender: string, work: () => Result, onWorked: (workMs: number) => void): Result => {
    const startedAtMs = monotonicMs();
    try {
      return work();
    } finally {
      const workMs = monotonicMs() - startedAtMs;
      usedMs += workMs;
      queue.charge(sender, workMs);
      onWorked(workMs);
    }
  };

  const nextSlice = (): void => {
    isNextSliceDue = false;
    usedMs = 0;
    while (usedMs < SLICE_MS) {
      const next = queue.shift();
      if (next === undefined) return;
      next.item();
    }
    if (queue.size > 0) requestSlice();
  };

  const requestSlice = (): void => {
    if (isNextSliceDue) return;
    isNextSliceDue = true;
    afterSockets(nextSlice);
  };

  return {
    run: (sender, work, onWorked) => {
      requestSlice();
      if (queue.size === 0 && usedMs < SLICE_MS) return measure(sender, work, onWorked);
      return new Promise((resolve, reject) => {
        queue.push(sender, () => {
          try {
            resolve(measure(sender, work, onWorked));
          } catch (error) {
            reject(error);
          }
        });
      });
    },
  };
}

/** Asynchronous work with limited concurrency, such as inflating, whose threads all senders share. */
export class FairSlots {
  readonly #queue = new FairQueue<() => void>();
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  /** `costOf` returns what the work cost, in the same unit for all. */
  async run<Result>(sender: string, work: () => Promise<Result>, costOf: (result: Result) => number): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(sender, resolve));
    try {
      const result = await work();
      this.#queue.charge(sender, costOf(result));
      return result;
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free += 1;
      else next.item();
    }
  }
}
