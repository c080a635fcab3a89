import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** A clock that does not move until a test moves it. */
export interface ManualClock extends Clock {
  /**
   * Moves the time on and wakes every sleep that falls due, in order of due time, letting each sleeper run (and sleep
   * again) before the next one wakes. Resolves when what was woken has run as far as it can without I/O.
   */
  advance(ms: number): Promise<void>;
  /**
   * Sets the wall clock forward or, with a negative number, back. No time passes: sleeps and `monotonicMs` do not
   * change.
   */
  jump(byMs: number): void;
  /**
   * Moves the time to the earliest due sleep, waiting for a first sleeper when there is none. Returns how far it moved.
   */
  advanceToNextSleep(): Promise<number>;
  /** How long each present sleep still has, in milliseconds, the shortest first. */
  remainingSleepsMs(): readonly number[];
  /** Resolves as soon as at least `count` sleeps are under way. */
  untilSleeping(count?: number): Promise<void>;
}

interface Sleep {
  readonly dueMs: number;
  readonly wake: () => void;
}

interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
}

/** Different from the wall clock's number, so that the two cannot be confused. */
const MONOTONIC_START_MS = 7_000;

/** Creates a manual clock that shows `startMs` (default 2026-01-01T00:00:00Z). */
export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let now = MONOTONIC_START_MS;
  let epochMs = startMs - now;
  const sleeps = new PresentSleeps();

  const wake = async (sleep: Sleep) => {
    now = Math.max(now, sleep.dueMs);
    sleeps.remove(sleep);
    sleep.wake();
    await turn();
  };

  return {
    nowMs: () => epochMs + now,
    monotonicMs: () => now,

    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          sleeps.remove(sleep);
          reject(signal?.reason);
        };
        const sleep: Sleep = {
          dueMs: now + Math.max(0, ms),
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleeps.add(sleep);
      });
    },

    async advance(ms) {
      const targetMs = now + ms;
      await turn();
      for (let next = sleeps.earliest(); next && next.dueMs <= targetMs; next = sleeps.earliest()) await wake(next);
      now = Math.max(now, targetMs);
    },

    jump(byMs) {
      epochMs += byMs;
    },

    async advanceToNextSleep() {
      await sleeps.reach(1);
      const before = now;
      const next = sleeps.earliest();
      if (next) await wake(next);
      return now - before;
    },

    remainingSleepsMs: () => sleeps.dueMs().map((dueMs) => dueMs - now),
    untilSleeping: (count = 1) => sleeps.reach(count),
  };
}

class PresentSleeps {
  #sleeps: readonly Sleep[] = [];
  #waiters: readonly Waiter[] = [];

  add(sleep: Sleep): void {
    this.#sleeps = [...this.#sleeps, sleep];
    const count = this.#sleeps.length;
    const reached = this.#waiters.filter((waiter) => waiter.count <= count);
    this.#waiters = this.#waiters.filter((waiter) => waiter.count > count);
    for (const waiter of reached) waiter.resolve();
  }

  remove(sleep: Sleep): void {
    this.#sleeps = this.#sleeps.filter((other) => other !== sleep);
  }

  /** Of sleeps that are due at the same time the one that began first. */
  earliest(): Sleep | undefined {
    return this.#sleeps.reduce<Sleep | undefined>(
      (first, sleep) => (first && first.dueMs <= sleep.dueMs ? first : sleep),
      undefined,
    );
  }

  /** The earliest first. */
  dueMs(): readonly number[] {
    return this.#sleeps.map(({ dueMs }) => dueMs).sort((a, b) => a - b);
  }

  /** Resolves as soon as there are `count` at least. */
  reach(count: number): Promise<void> {
    if (this.#sleeps.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters = [...this.#waiters, { count, resolve }];
    });
  }
}
