/** What replays are to reach, and whether they did. Pure. */
import type { CaseSummary } from '../comparison.ts';

export interface Goal {
  /** What is to be reached, with its limit. */
  readonly goal: string;
  readonly limit: number;
  readonly reached: number;
  readonly isMet: boolean;
}

/** Of the rate at which the same events went the first time. */
const LEAST_RATIOS: Readonly<Record<string, number>> = {
  'idle-events-known': 0.8,
  'idle-events-forced': 0.6,
  'idle-commands-known': 2,
};
const LEAST_BESIDE_LIVE = 5_000;
const MOST_LATENCY_RATIO = 1.25;
const MORE_P50_MS = 1;
const MORE_P99_MS = 5;

/** `cases`: all that were measured, in their order. */
export function goalsOf(summary: CaseSummary, cases: readonly CaseSummary[]): Goal[] {
  const { case: name, ours, ratio, p50Ms, p99Ms, baselineP50Ms, baselineP99Ms } = summary;
  const leastRatio = LEAST_RATIOS[name];
  if (leastRatio !== undefined) return [atLeast(`${leastRatio} of the first time`, ratio, leastRatio)];
  if (name.startsWith('live-')) {
    return [
      atMost('live p50', p50Ms, MOST_LATENCY_RATIO * baselineP50Ms + MORE_P50_MS),
      atMost('live p99', p99Ms, MOST_LATENCY_RATIO * baselineP99Ms + MORE_P99_MS),
      atLeast('records/s', ours, LEAST_BESIDE_LIVE),
    ];
  }
  const before = cases[cases.indexOf(summary) - 1];
  if (!name.startsWith('share-') || before?.case.startsWith('share-') !== true) return [];
  return [{ goal: `less than ${before.case}`, limit: before.ours, reached: ours, isMet: ours < before.ours }];
}

function atLeast(goal: string, reached: number, limit: number): Goal {
  return { goal: `at least ${goal}`, limit, reached, isMet: reached >= limit };
}

function atMost(goal: string, reached: number, limit: number): Goal {
  return { goal: `${goal} at most`, limit, reached, isMet: reached <= limit };
}
