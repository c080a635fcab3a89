import { FaultLog, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { fullJitterDelayMs, unlessAborted } from '@astrolabe/service-kit/retry';

/** Repeats an action while its faults are retryable; rejects with any other, or with the signal's reason as soon as that aborts. */
export type RetryUntil = <T>(doing: string, action: () => Promise<T>, signal: AbortSignal) => Promise<T>;

export interface RetryUntilOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const BASE_MS = 50;
const MAX_MS = 5_000;

/** For what must be done however long Kafka is away. Says so in the log when that begins and when the reason changes. */
export function createRetryUntil({ clock, random, logger }: RetryUntilOptions): RetryUntil {
  return async (doing, action, signal) => {
    const faults = new FaultLog(logger);
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await unlessAborted(action(), signal);
      } catch (error) {
        if (signal.aborted || !isPipelineError(error) || !error.retryable) throw error;
        faults.failed(error, { attempt }, `${doing} failed; retrying`);
      }
      await clock.sleep(fullJitterDelayMs({ attempt, baseMs: BASE_MS, maxMs: MAX_MS, random: random() }), signal);
    }
  };
}
