import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayHandleNext, TURN_BUDGET_MS, whenToHandle } from './turn-budget.ts';

const beganMs = 1_000;
const spentMs = beganMs + TURN_BUDGET_MS;

test('an answer is handled at once while the turn has time left and none waits before it', () => {
  assert.equal(whenToHandle(0, beganMs, beganMs), 'now');
  assert.equal(whenToHandle(0, beganMs, spentMs - 0.01), 'now');
  assert.equal(whenToHandle(0, beganMs, spentMs), 'later');
  assert.equal(whenToHandle(1, beganMs, beganMs), 'later', 'it would overtake');
});

test('of the answers that wait, one at least is handled in each turn, and more while it has time left', () => {
  assert.ok(mayHandleNext(0, beganMs, spentMs + 100));
  assert.ok(mayHandleNext(5, beganMs, spentMs - 0.01));
  assert.ok(!mayHandleNext(1, beganMs, spentMs));
});
