/** Keeps work to a rate, so that it does not slow live traffic. Pure: time comes from the clock that is given. */
import type { Clock } from '@astrolabe/service-kit/clock';

export interface Pace {
  /**
   * How many may be taken in one go: a tenth of a second's worth, so that the rate holds within each second, and no
   * more than `most`.
   */
  share(most: number): number;
  /** Resolves when `count` more are due. Rejects with the signal's reason. */
  take(count: number, signal: AbortSignal): Promise<void>;
}

/** `perSecond` undefined: no limit. A pause gives no credit: there is no burst after it. */
export function createPace(perSecond: number | undefined, clock: Clock): Pace {
  let dueAtMs = clock.monotonicMs();
  return {
    share: (most) => (perSecond === undefined ? most : Math.max(1, Math.min(most, Math.floor(perSecond / 10)))),
    take: async (count, signal) => {
      signal.throwIfAborted();
      if (perSecond === undefined) return;
      const nowMs = clock.monotonicMs();
      if (dueAtMs > nowMs) await clock.sleep(dueAtMs - nowMs, signal);
      dueAtMs = Math.max(dueAtMs, nowMs) + (count * 1_000) / perSecond;
    },
  };
}
