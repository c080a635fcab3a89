/**
 * Limits the calls per second to a connector's API: never more than the limit in any second, wherever that second
 * begins. Timers have a resolution of a millisecond, so calls go out in small bursts. The refill is lower by the size
 * of a burst. A limit below one is a call every few seconds: 0.25 is one in any four.
 */

/** Never changed; each function returns the next one. */
export interface CallRate {
  readonly tokens: number;
  /** When it held them, by the monotonic clock. */
  readonly atMs: number;
}

export type RateDecision =
  | { readonly kind: 'go'; readonly rate: CallRate }
  /** `waitMs`: until a call may be made. At least 1. */
  | { readonly kind: 'wait'; readonly waitMs: number };

/** 20 ms worth of calls. */
function burstOf(callsPerSecond: number): number {
  return Math.max(1, Math.floor(callsPerSecond / 50));
}

export function freshRate(callsPerSecond: number, nowMs: number): CallRate {
  return { tokens: burstOf(callsPerSecond), atMs: nowMs };
}

/** Tokens that a replay leaves for the next live calls; none where no more than one can be held. */
export function rateReserve(callsPerSecond: number): number {
  return Math.floor(burstOf(callsPerSecond) / 2);
}

/**
 * Takes one call, if `reserve` is left then. A clock that was set back neither adds tokens nor holds any up.
 */
export function takeCall({ tokens, atMs }: CallRate, callsPerSecond: number, nowMs: number, reserve = 0): RateDecision {
  const burst = burstOf(callsPerSecond);
  const perMs = (callsPerSecond - (burst - 1)) / 1_000;
  const held = Math.min(burst, tokens + Math.max(0, nowMs - atMs) * perMs);
  // Rounding must not keep a call back for one more millisecond again and again.
  const needed = 1 + reserve;
  if (held >= needed - 1e-9) return { kind: 'go', rate: { tokens: Math.max(0, held - 1), atMs: nowMs } };
  return { kind: 'wait', waitMs: Math.max(1, Math.ceil((needed - held) / perMs)) };
}
