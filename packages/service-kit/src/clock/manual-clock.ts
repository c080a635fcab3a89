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
  let sleeps: Sleep[] = [];
  let waiters: Waiter[] = [];

  const earliest = () =>
    sleeps.reduce<Sleep | undefined>(
      (first, sleep) => (first && first.dueMs <= sleep.dueMs ? first : sleep),
      undefined,
    );
  const remove = (sleep: Sleep) => {
    sleeps = sleeps.filter((other) => other !== sleep);
  };
  const wake = async (sleep: Sleep) => {
    now = Math.max(now, sleep.dueMs);
    remove(sleep);
    sleep.wake();
    await turn();
  };

  const clock: ManualClock = {
    nowMs: () => epochMs + now,
    monotonicMs: () => now,

    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          remove(sleep);
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
        sleeps.push(sleep);
        const reached = waiters.filter((waiter) => waiter.count <= sleeps.length);
        waiters = waiters.filter((waiter) => waiter.count > sleeps.length);
        for (const waiter of reached) waiter.resolve();
      });
    },

    async advance(ms) {
      const targetMs = now + ms;
      await turn();
      for (let next = earliest(); next && next.dueMs <= targetMs; next = earliest()) await wake(next);
      now = Math.max(now, targetMs);
    },

    jump(byMs) {
      epochMs += byMs;
    },

    async advanceToNextSleep() {
      await clock.untilSleeping();
      const before = now;
      const next = earliest();
      if (next) await wake(next);
      return now - before;
    },

    remainingSleepsMs: () => sleeps.map((sleep) => sleep.dueMs - now).sort((a, b) => a - b),

    untilSleeping(count = 1) {
      if (sleeps.length >= count) return Promise.resolve();
      return new Promise((resolve) => waiters.push({ count, resolve }));
    },
  };
  return clock;
}
