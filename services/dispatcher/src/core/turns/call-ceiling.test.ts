import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DECIDED_AFTER_TURNS,
  initialCeiling,
  LONG_TURN_MS,
  nextCeiling,
  SHORT_TURN_MS,
  type CallCeiling,
} from './call-ceiling.ts';

const bounds = { min: 16, max: 1_024 };

/** After so many decisions on turns of that length. */
function after(decisions: number, turnMs: number, from: CallCeiling = initialCeiling(bounds.max)): CallCeiling {
  let ceiling = from;
  for (let turn = 0; turn < decisions * DECIDED_AFTER_TURNS; turn += 1) ceiling = nextCeiling(ceiling, turnMs, bounds);
  return ceiling;
}

test('long turns lower the ceiling quickly, down to its least', () => {
  const { calls } = after(1, LONG_TURN_MS + 0.1);
  assert.ok(calls < bounds.max, String(calls));
  assert.equal(after(30, LONG_TURN_MS + 0.1).calls, bounds.min);
});

test('short turns raise it again in steps, up to all that are allowed', () => {
  const lowest = after(30, LONG_TURN_MS + 0.1);
  const raised = after(1, SHORT_TURN_MS - 0.1, lowest);
  assert.ok(raised.calls > lowest.calls && raised.calls <= lowest.calls * 2, String(raised.calls));
  assert.equal(after(1_000, SHORT_TURN_MS - 0.1, lowest).calls, bounds.max);
});

test('turns in between leave it as it is', () => {
  const lowest = after(30, LONG_TURN_MS + 0.1);
  assert.equal(after(10, (LONG_TURN_MS + SHORT_TURN_MS) / 2, lowest).calls, lowest.calls);
});

test('one stall among short turns lowers nothing', () => {
  const stalled = nextCeiling(initialCeiling(bounds.max), 500, bounds);
  let ceiling = stalled;
  for (let turn = 1; turn < DECIDED_AFTER_TURNS; turn += 1) ceiling = nextCeiling(ceiling, 0.2, bounds);
  assert.equal(ceiling.calls, bounds.max);
});
