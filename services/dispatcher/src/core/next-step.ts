/** After an attempt: what to do with the command. Pure; time and randomness are arguments. */
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { fullJitterDelayMs } from '@astrolabe/service-kit/retry';
import type { RetryReason, Verdict } from './classify-response.ts';

export interface RetryPolicy {
  /** Upper bound of the first pause; doubles with each attempt. */
  readonly baseMs: number;
  /** Upper bound of every pause that the API did not ask for. */
  readonly maxMs: number;
  /**
   * How long a command is retried; then it is dead-lettered. Segment's own is four hours. Waiting for a key does not
   * count.
   */
  readonly budgetMs: number;
  /** The longest `Retry-After` that is obeyed: an API that asks for a year is wrong. */
  readonly maxRetryAfterMs: number;
}

export interface AttemptHistory {
  /** Attempts made, the present one included. */
  readonly attempts: number;
  /**
   * When the budget began: the first attempt, or the end of the last wait for a key. By the monotonic clock, as `nowMs`
   * is.
   */
  readonly budgetFromMs: number;
}

export type NextStep =
  | { readonly kind: 'done'; readonly duplicate: boolean }
  | { readonly kind: 'wait'; readonly delayMs: number; readonly reason: RetryReason }
  /** For as long as the key of the connector is refused. */
  | { readonly kind: 'halt' }
  | {
      readonly kind: 'dead-letter';
      readonly code: ErrorCode;
      readonly message: string;
      readonly status: number | undefined;
    };

export function nextStep(
  verdict: Verdict,
  { attempts, budgetFromMs }: AttemptHistory,
  policy: RetryPolicy,
  nowMs: number,
  random: number,
): NextStep {
  switch (verdict.kind) {
    case 'delivered':
      return { kind: 'done', duplicate: verdict.duplicate };
    case 'rejected':
      return { kind: 'dead-letter', code: 'api.rejected', message: verdict.message, status: verdict.status };
    case 'halt':
      // Never dead-lettered: a wrong key would empty the whole topic into the dead letters.
      return { kind: 'halt' };
    case 'retry': {
      const ownDelayMs = fullJitterDelayMs({ attempt: attempts, baseMs: policy.baseMs, maxMs: policy.maxMs, random });
      const askedMs = Math.min(verdict.afterMs ?? 0, policy.maxRetryAfterMs);
      // Jitter on top of what was asked for, or all waiting commands would come back in the same instant.
      const delayMs = askedMs + ownDelayMs;
      if (nowMs + delayMs - budgetFromMs > policy.budgetMs) {
        const hours = Math.round((policy.budgetMs / 3_600_000) * 100) / 100;
        return {
          kind: 'dead-letter',
          code: 'api.retries-exhausted',
          message: `not delivered within ${hours} h, ${attempts} attempts; last: ${verdict.message}`,
          status: verdict.status,
        };
      }
      return { kind: 'wait', delayMs, reason: verdict.reason };
    }
  }
}
