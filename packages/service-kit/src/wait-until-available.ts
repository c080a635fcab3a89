import { fullJitterDelayMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import { isPipelineError } from './errors.ts';
import type { Logger } from './logger.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

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
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    try {
      const result = await attempt(signal);
      if (attempts > 1) logger.info({ attempt: attempts }, `${what} available`);
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (!isPipelineError(error) || !error.retryable) throw error;
      const pauseMs = fullJitterDelayMs({
        attempt: attempts,
        baseMs: FIRST_PAUSE_MS,
        maxMs: LONGEST_PAUSE_MS,
        random: random(),
      });
      logger.warn({ attempt: attempts, pauseMs, code: error.code, reason: error.message }, `waiting for ${what}`);
      await clock.sleep(pauseMs, signal);
    }
  }
}
