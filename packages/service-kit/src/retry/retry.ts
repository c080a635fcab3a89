/** The one loop that repeats what failed. */
import type { Clock } from '../clock/clock.ts';
import { isPipelineError } from '../errors/errors.ts';
import { pauseAfter, type RetryPolicy } from './policies.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface FailedAttempt {
  readonly error: unknown;
  /** How many attempts have failed, this one included. */
  readonly failures: number;
  /** Until the next one. */
  readonly pauseMs: number;
}

export interface RetryOptions {
  readonly policy: RetryPolicy;
  /** No attempt begins once it is aborted, and a pause ends. */
  readonly signal: AbortSignal;
  /**
   * Of an attempt that is under way when the signal aborts. `abandon`: the wait for it ends at once. `await`: it comes
   * to its end, and where it succeeds its result is returned, for attempts that open what somebody has to close.
   */
  readonly onAbort: 'abandon' | 'await';
  readonly clock: Clock;
  /** A random number in [0, 1) at each call. */
  readonly random: () => number;
  /** Whether another attempt may succeed. Default: a PipelineError that says so. */
  readonly isRetryable?: (error: unknown) => boolean;
  /** Called before each pause. What it throws ends the retrying. */
  readonly onFailure: (failed: FailedAttempt) => void;
}

/**
 * Repeats `attempt` until it succeeds. Rejects with the error of an attempt that is not to be repeated, and with the
 * signal's reason once that is aborted.
 */
export async function retry<Result>(
  attempt: (signal: AbortSignal) => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { policy, signal, onAbort, clock, random, isRetryable = isRetryableFault, onFailure } = options;
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    let error: unknown;
    try {
      const attempted = attempt(signal);
      return await (onAbort === 'abandon' ? unlessAborted(attempted, signal) : attempted);
    } catch (thrown) {
      error = thrown;
    }
    signal.throwIfAborted();
    if (!isRetryable(error)) throw error;
    const pauseMs = pauseAfter(policy, failures, random());
    onFailure({ error, failures, pauseMs });
    await clock.sleep(pauseMs, signal);
  }
}

export function isRetryableFault(error: unknown): boolean {
  return isPipelineError(error) && error.retryable;
}
