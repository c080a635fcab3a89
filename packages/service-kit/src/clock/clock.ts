/** Time as a dependency: real in processes, by hand in tests. */
export interface Clock {
  /**
   * Epoch milliseconds, for what is recorded or shown. It jumps when the machine's clock is set, so no wait uses it.
   */
  nowMs(): number;
  /**
   * Milliseconds since an arbitrary moment, for durations, deadlines and pauses. It only goes forward, at the speed of
   * time.
   */
  monotonicMs(): number;
  /**
   * Resolves after `ms` milliseconds; at once, but never synchronously, for zero or less. Rejects with the signal's
   * reason once `signal` is aborted.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node fires longer timers at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    let remainingMs = Math.max(0, ms);
    do {
      const timerMs = Math.min(remainingMs, LONGEST_TIMER_MS);
      await timer(timerMs, signal);
      remainingMs -= timerMs;
    } while (remainingMs > 0);
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(handle);
      reject(signal?.reason);
    };
    const handle = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
