import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from './byte-budget.ts';

test('what exceeds the budget is refused and takes nothing', () => {
  const budget = new ByteBudget(100);
  const first = budget.open();
  const second = budget.open();
  assert.equal(first.take(60), true);
  assert.equal(second.take(41), false);
  assert.equal(second.take(40), true);
  assert.equal(budget.heldBytes, 100);
  assert.equal(budget.hasRoomFor(1), false);
});

test('a hold gives back all that it took, once', () => {
  const budget = new ByteBudget(100);
  const hold = budget.open();
  hold.take(30);
  hold.take(40);
  hold.release();
  hold.release();
  assert.equal(budget.heldBytes, 0);
});
