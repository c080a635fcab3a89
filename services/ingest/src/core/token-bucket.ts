/**
 * How many events a connector may send: as many as the rate brings in, plus what has gathered, up to the burst. Tokens are counted in
 * thousandths, of which a millisecond brings `eventsPerSecond`: all numbers are whole, so nothing is lost to rounding however often it is
 * asked.
 */
import type { RateLimit } from '@astrolabe/service-kit';

/** Never changed; each function returns the next one. */
export interface TokenBucket {
  /** Thousandths of a token. Below zero after a request larger than the burst, until the rate has made up for it. */
  readonly milliTokens: number;
  /** Epoch milliseconds at which it held them. */
  readonly atMs: number;
}

export type Taking =
  | { readonly kind: 'taken'; readonly bucket: TokenBucket }
  | {
      readonly kind: 'refused';
      readonly bucket: TokenBucket;
      /** Until the same request is taken, if nothing else takes from the bucket. At least 1. */
      readonly waitMs: number;
    };

const MILLI = 1_000;

export function fullBucket({ burst }: RateLimit, nowMs: number): TokenBucket {
  return { milliTokens: burst * MILLI, atMs: nowMs };
}

/**
 * Takes a token for each event, all or none. More events than the burst are taken when the bucket is full, and are owed: else they could
 * never be. `eventsPerSecond` must not be 0. A clock that was set back neither adds tokens nor holds any up.
 */
export function takeEvents(bucket: TokenBucket, events: number, limit: RateLimit, nowMs: number): Taking {
  const { eventsPerSecond, burst } = limit;
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const heldMilli = Math.min(burst * MILLI, bucket.milliTokens + elapsedMs * eventsPerSecond);
  const neededMilli = Math.min(events, burst) * MILLI;
  if (heldMilli >= neededMilli) {
    return { kind: 'taken', bucket: { milliTokens: heldMilli - events * MILLI, atMs: nowMs } };
  }
  const waitMs = Math.ceil((neededMilli - heldMilli) / eventsPerSecond);
  return { kind: 'refused', bucket: { milliTokens: heldMilli, atMs: nowMs }, waitMs };
}

/** Segment's SDKs wait no longer, whatever they are told. */
const MAX_RETRY_AFTER_SECONDS = 300;

/** What to send as `Retry-After`: whole seconds, at least 1. */
export function toRetryAfterSeconds(waitMs: number): number {
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(waitMs / 1_000)));
}
