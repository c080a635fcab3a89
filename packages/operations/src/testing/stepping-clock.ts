import type { Clock } from '@astrolabe/service-kit/clock';

/** A clock whose sleeps end at once: time advances, and `onSleep` does what others would have done meanwhile. */
export function createSteppingClock(
  onSleep: () => Promise<void> | void = () => undefined,
  startMs = 1_780_000_000_000,
): Clock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      nowMs += ms;
      await onSleep();
      signal?.throwIfAborted();
    },
  };
}
