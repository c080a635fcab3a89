import { FaultLog, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { fullJitterDelayMs, unlessAborted } from '@astrolabe/service-kit/retry';

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Upper bound of a pause. The first is at most 200 ms, and each bound twice the one before. */
  readonly maxPauseMs: number;
}

const FIRST_PAUSE_MS = 200;

/**
 * Repeats the action while it fails with a fault that may pass: an outage of Kafka or of the registry is not the
 * record's fault. Rejects with any other fault, and with the signal's reason as soon as that aborts, whatever becomes
 * of the action then.
 */
export async function retryWhileUnavailable<T>(
  doing: string,
  action: () => Promise<T>,
  { clock, random, logger, signal, maxPauseMs }: RetryOptions,
): Promise<T> {
  const faults = new FaultLog(logger);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await unlessAborted(action(), signal);
    } catch (error) {
      if (signal.aborted || !isPipelineError(error) || !error.retryable) throw error;
      faults.failed(error, { attempt }, `${doing} failed; retrying`);
    }
    const pauseMs = fullJitterDelayMs({ attempt, baseMs: FIRST_PAUSE_MS, maxMs: maxPauseMs, random: random() });
    await clock.sleep(pauseMs, signal);
  }
}
