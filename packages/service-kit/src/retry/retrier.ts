import type { Clock } from '../clock/clock.ts';
import { FaultLog } from '../logs/fault-log.ts';
import type { Logger } from '../logs/logger.ts';
import type { RetryPolicy } from './policies.ts';
import { retry } from './retry.ts';

export interface RetriedWork {
  readonly policy: RetryPolicy;
  /** Aborted when the work is no longer wanted: the wait for it ends at once. */
  readonly signal: AbortSignal;
  /** For the log. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** `doing` completes "... failed; retrying". */
export type Retrier = <Result>(doing: string, action: () => Promise<Result>, work: RetriedWork) => Promise<Result>;

export interface RetrierOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/**
 * For what must be done however long it takes: a fault is a warning when it begins and when it changes (fault-log.ts).
 */
export function createRetrier({ clock, random, logger }: RetrierOptions): Retrier {
  return (doing, action, { policy, signal, fields = {} }) => {
    const faults = new FaultLog(logger);
    return retry(action, {
      policy,
      signal,
      onAbort: 'abandon',
      clock,
      random,
      onFailure: ({ error, failures }) =>
        faults.failed(error, { attempt: failures, ...fields }, `${doing} failed; retrying`),
    });
  };
}
