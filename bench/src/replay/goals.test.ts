import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CaseSummary } from '../comparison.ts';
import { goalsOf } from './goals.ts';

function summary(name: string, rest: Partial<CaseSummary> = {}): CaseSummary {
  return {
    case: name,
    ours: 6_000,
    baseline: 9_000,
    ratio: 0.7,
    unit: 'records/s',
    p50Ms: 10,
    p99Ms: 60,
    rssMb: 100,
    baselineP50Ms: 8,
    baselineP99Ms: 40,
    ...rest,
  };
}

const met = (cases: readonly CaseSummary[]): boolean[] =>
  cases.flatMap((each) => goalsOf(each, cases).map(({ isMet }) => isMet));

test('an idle replay is compared with the first time, a forced one less strictly', () => {
  assert.deepEqual(met([summary('idle-events-known'), summary('idle-events-forced')]), [false, true]);
  assert.deepEqual(met([summary('idle-commands-known', { ratio: 2 })]), [true]);
});

test('beside live events the latency may grow by a part of it and a little, and the replay has a rate to reach', () => {
  const live = summary('live-500');
  assert.deepEqual(
    goalsOf(live, [live]).map(({ limit, reached, isMet }) => [limit, reached, isMet]),
    [
      [11, 10, true],
      [55, 60, false],
      [5_000, 6_000, true],
    ],
  );
});

test('the share of a replay falls as live events get more', () => {
  assert.deepEqual(
    met([summary('share-0'), summary('share-500', { ours: 5_000 }), summary('share-2000', { ours: 5_000 })]),
    [true, false],
  );
});
