import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planReplays } from './plan.ts';

const noChoice = { part: undefined, rate: undefined, events: undefined };

test('two hundred thousand events are replayed at rest, beside live events, and beside more and more of them', () => {
  assert.deepEqual(planReplays('full', 20, noChoice), {
    events: 200_000,
    warmUpEvents: 50_000,
    users: 20_000,
    isIdleMeasured: true,
    besideLive: 500,
    shares: [0, 500, 2_000, 5_000],
    settleSeconds: 5,
    seconds: 20,
  });
});

test('a part is measured without the others, with the size and the rate that are chosen', () => {
  const live = planReplays('quick', 2, { part: 'beside-live', rate: 800, events: 250 });
  assert.deepEqual(
    [live.isIdleMeasured, live.besideLive, live.shares, live.events, live.users],
    [false, 800, [], 250, 300],
  );
  assert.deepEqual(planReplays('full', 20, { ...noChoice, part: 'share', rate: 800 }).shares, [0, 800]);
});
