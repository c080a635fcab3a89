import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CounterHistory } from './counter-history.ts';

const bounds = { keptMs: 4_000, fineMs: 500, coarseMs: 100 };

const looks = fc.array(
  fc.record({ stepMs: fc.integer({ min: 1, max: 60 }), counted: fc.integer({ min: 0, max: 5 }) }),
  { minLength: 2, maxLength: 200 },
);

test('the count of any period is what was counted between the two looks that it names', () => {
  fc.assert(
    fc.property(looks, fc.nat(6_000), fc.nat(6_000), (steps, fromAgo, toAgo) => {
      const history = new CounterHistory(bounds);
      const counted: { readonly atMs: number; readonly count: number }[] = [];
      let atMs = 100_000;
      for (const { stepMs, counted: count } of steps) {
        atMs += stepMs;
        history.add(atMs, new Map([['a', count]]));
        counted.push({ atMs, count });
      }
      const period = history.period(atMs - fromAgo, atMs - toAgo);
      if (period === undefined) return;
      assert.ok(period.fromMs < period.toMs && period.toMs <= atMs - toAgo);
      const expected = counted
        .filter((look) => look.atMs > period.fromMs && look.atMs <= period.toMs)
        .reduce((sum, { count }) => sum + count, 0);
      assert.equal(period.counts.get('a') ?? 0, expected);
    }),
  );
});

test('a period begins at most a coarse step before it is asked to, and in the last minutes at the look before', () => {
  const history = new CounterHistory(bounds);
  for (let atMs = 0; atMs <= 10_000; atMs += 10) history.add(atMs, new Map([['a', 1]]));
  assert.ok((history.firstAtMs ?? Infinity) <= 6_000 && (history.firstAtMs ?? 0) > 5_700);
  for (const agoMs of [200, 1_000, 3_900]) {
    const period = history.period(10_000 - agoMs, 10_000);
    assert.ok(period !== undefined);
    assert.ok(period.fromMs <= 10_000 - agoMs && period.fromMs > 10_000 - agoMs - 100 - 10, `${agoMs}`);
    assert.equal(period.counts.get('a'), (10_000 - period.fromMs) / 10);
  }
  assert.ok(history.size < 4_100 / 100 + 600 / 10 + 15, `${history.size} looks are kept`);
});

test('a name that comes later counts from 0, and a clock that is set back loses nothing', () => {
  const history = new CounterHistory(bounds);
  history.add(1_000, new Map());
  history.add(1_010, new Map([['a', 2]]));
  history.add(900, new Map([['b', 3]]));
  history.add(1_020, new Map([['b', 1]]));
  assert.deepEqual(
    history.period(1_000, 1_020)?.counts,
    new Map([
      ['a', 2],
      ['b', 4],
    ]),
  );
  assert.equal(history.period(2_000, 3_000), undefined);
  assert.deepEqual(history.period(0, 1_010), { fromMs: 1_000, toMs: 1_010, counts: new Map([['a', 2]]) });
});
