import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayHandleNext, TURN_BUDGET_MS, whenToHandle } from './turn-budget.ts';

const fresh = { elapsedMs: 0, hasWaiting: false, ownPieces: 0 };
const served = { ...fresh, ownPieces: 10 };

test('work is done at once while the turn has time left and none of its connector waits before it', () => {
  assert.equal(whenToHandle(fresh), 'now');
  assert.equal(whenToHandle({ ...served, elapsedMs: TURN_BUDGET_MS - 0.01 }), 'now');
  assert.equal(whenToHandle({ ...served, elapsedMs: TURN_BUDGET_MS }), 'later');
  assert.equal(whenToHandle({ ...fresh, hasWaiting: true }), 'later', 'it would overtake');
});

test('a connector that had little done for it need not wait although another one has used the turn up, within limits', () => {
  assert.equal(whenToHandle({ ...fresh, elapsedMs: TURN_BUDGET_MS }), 'now');
  assert.equal(whenToHandle({ ...fresh, elapsedMs: 2 * TURN_BUDGET_MS - 0.01 }), 'now');
  assert.equal(whenToHandle({ ...fresh, elapsedMs: 2 * TURN_BUDGET_MS }), 'later');
});

test('of the work that waits, one piece at least is done in each turn, and more while it has time left', () => {
  assert.ok(mayHandleNext(0, TURN_BUDGET_MS + 100, TURN_BUDGET_MS));
  assert.ok(mayHandleNext(5, TURN_BUDGET_MS - 0.01, TURN_BUDGET_MS));
  assert.ok(!mayHandleNext(1, TURN_BUDGET_MS, TURN_BUDGET_MS));
});
