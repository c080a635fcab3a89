import type { Clock } from '../clock/clock.ts';
import type { PipelineError } from '../errors/errors.ts';
import type { Logger } from '../logs/logger.ts';
import { retryPolicies } from '../retry/policies.ts';
import { retry } from '../retry/retry.ts';

export interface WaitOptions<Result> {
  /** What is waited for, completing "waiting for ...": `the Kafka brokers at ...`. */
  readonly what: string;
  /**
   * Called one at a time until it resolves. A retryable PipelineError means "not yet"; any other error ends the wait.
   * `signal` is aborted when the service is told to stop.
   */
  readonly attempt: (signal: AbortSignal) => Promise<Result>;
  readonly clock: Clock;
  /** A random number in [0, 1) at each call. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Waits for something outside that a service cannot start without, with growing pauses (full jitter, 250 ms to 10 s)
 * and for as long as it takes: a service that gives up is restarted and waits again, only louder. Each pause is logged
 * once.
 *
 * Returns the attempt's result. Rejects with the attempt's error when it is not retryable, and with the signal's reason
 * when the signal is aborted.
 */
export async function waitUntilAvailable<Result>(options: WaitOptions<Result>): Promise<Result> {
  const { what, attempt, clock, random, logger, signal } = options;
  let failedAttempts = 0;
  const result = await retry(attempt, {
    policy: retryPolicies.startup,
    signal,
    onAbort: 'await',
    clock,
    random,
    onFailure: ({ error, failures, pauseMs }) => {
      failedAttempts = failures;
      const { code, message } = error as PipelineError;
      logger.warn({ attempt: failures, pauseMs, code, reason: message }, `waiting for ${what}`);
    },
  });
  if (failedAttempts > 0) logger.info({ attempt: failedAttempts + 1 }, `${what} available`);
  return result;
}
