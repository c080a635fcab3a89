export interface FullJitterInput {
  /** Which pause this is, counted from 1. */
  readonly attempt: number;
  /** Upper bound of the first pause. */
  readonly baseMs: number;
  /** Upper bound of every pause. */
  readonly maxMs: number;
  /** A random number in [0, 1). */
  readonly random: number;
}

/**
 * Length of a pause in whole milliseconds: random between 0 and a bound that doubles with every attempt up to `maxMs`.
 * Full jitter spreads the retries of many clients best:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitterDelayMs({ attempt, baseMs, maxMs, random }: FullJitterInput): number {
  const boundMs = Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.floor(random * boundMs);
}
