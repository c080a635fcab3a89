/**
 * Work on the one thread that all senders share, in turns: an expensive body of one costs another at most the wait for
 * the one that is being worked on. As long as there is little to do, work is done at once and nobody waits.
 *
 * A slice of work is followed by a look at the sockets, so that a request that has come meanwhile takes part in what is
 * next. Without it a hundred bodies that were read at the same moment would all be parsed first.
 */
import { FairQueue } from './core/limits/fair-queue.ts';

export interface Turns {
  /**
   * Does the work now where there is time left in the slice and nobody waits, else when it is the sender's turn.
   * `onWorked` is told the milliseconds that it took, before the result is given and also where the work throws.
   */
  run<Result>(sender: string, work: () => Result, onWorked: (workMs: number) => void): Promise<Result> | Result;
}

export interface TurnsOptions {
  /** Milliseconds from any origin that never go back. */
  readonly monotonicMs: () => number;
  /** Calls back after the next look at the sockets. */
  readonly afterSockets: (callback: () => void) => void;
}

/** Many small requests together, and half of a request that costs more than most. */
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

/** Asynchronous work of which only so much is done at one time, such as inflating, whose threads all senders share. */
export class FairSlots {
  readonly #queue = new FairQueue<() => void>();
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  /** `costOf` says what the work has taken, in whichever unit is the same for all. */
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
