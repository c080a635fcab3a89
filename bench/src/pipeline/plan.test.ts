import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from './plan.ts';

const noChoice = { part: undefined, rate: undefined, members: undefined };

test('a million members are synced in bulk, a fifth of them with single calls, and three rates are sent live', () => {
  assert.deepEqual(planOf('full', 20, noChoice), {
    syncs: [
      { name: 'first-sync-bulk', members: 1_000_000, isBulk: true },
      { name: 'first-sync-single', members: 200_000, isBulk: false },
    ],
    life: {
      cold: { eventsPerSecond: 500, slices: 6, sliceSeconds: 5 },
      steadyRates: [100, 500, 2_000],
      settleSeconds: 3,
      seconds: 20,
    },
  });
});

test('a part is measured without the others, and a chosen rate takes the place of the usual ones', () => {
  const plan = planOf('full', 20, { ...noChoice, part: 'live', rate: 800 });
  assert.deepEqual(plan.syncs, []);
  assert.equal(plan.life?.cold.eventsPerSecond, 800);
  assert.deepEqual(plan.life.steadyRates, [800]);
  assert.equal(planOf('full', 20, { ...noChoice, part: 'first-sync-bulk' }).life, undefined);
});
