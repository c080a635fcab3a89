/** How long the pauses between attempts are, by what is attempted. */
import { fullJitterDelayMs } from './backoff.ts';

export interface RetryPolicy {
  /** Upper bound of the first pause; it doubles with each attempt. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** `full` spreads the attempts of many over the pause; `none` is for one who waits alone. */
  readonly jitter: 'full' | 'none';
}

export const retryPolicies = {
  /** What a service cannot start without. */
  startup: { firstPauseMs: 250, longestPauseMs: 10_000, jitter: 'full' },
  /** Committed offsets and pages that a partition waits for, however long Kafka is away. */
  dependency: { firstPauseMs: 200, longestPauseMs: 5_000, jitter: 'full' },
  /** Schemas and dead letters that a command waits for, however long the registry or Kafka is away. */
  command: { firstPauseMs: 200, longestPauseMs: 10_000, jitter: 'full' },
  /** The delivery ledger's changelog: what was delivered already waits for it. */
  changelog: { firstPauseMs: 50, longestPauseMs: 5_000, jitter: 'full' },
  /** Programs that change the same things at the same time, of which one at a time can: the others come back. */
  turn: { firstPauseMs: 250, longestPauseMs: 5_000, jitter: 'full' },
} as const satisfies Readonly<Record<string, RetryPolicy>>;

/** `failures`: how many attempts have failed, this one included. `random`: in [0, 1). */
export function pauseAfter(
  { firstPauseMs, longestPauseMs, jitter }: RetryPolicy,
  failures: number,
  random: number,
): number {
  if (jitter === 'none') return Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
  return fullJitterDelayMs({ attempt: failures, baseMs: firstPauseMs, maxMs: longestPauseMs, random });
}
