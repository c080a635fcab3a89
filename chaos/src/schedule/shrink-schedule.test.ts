import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shrinkSchedule } from './shrink-schedule.ts';

const items = Array.from({ length: 20 }, (_, index) => index);

test('what fails only together is found, and nothing beside it', async () => {
  const { shortest, isMinimal } = await shrinkSchedule(
    items,
    async (part) => part.includes(3) && part.includes(17),
    () => true,
  );
  assert.deepEqual(shortest, [3, 17]);
  assert.equal(isMinimal, true);
});

test('what fails without any disturbance shrinks to none', async () => {
  const { shortest } = await shrinkSchedule(
    items,
    async () => true,
    () => true,
  );
  assert.deepEqual(shortest, []);
});

test('when the time is up the shortest so far is given', async () => {
  let left = 3;
  const { shortest, runs, isMinimal } = await shrinkSchedule(
    items,
    async (part) => part.includes(0),
    () => (left -= 1) >= 0,
  );
  assert.equal(runs, 3);
  assert.equal(isMinimal, false);
  assert.ok(shortest.includes(0) && shortest.length < items.length);
});
