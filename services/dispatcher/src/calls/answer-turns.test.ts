import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TURN_BUDGET_MS } from '../core/turn-budget.ts';
import { AnswerTurns } from './answer-turns.ts';

const WORK_MS = 0.5;
const PER_TURN = TURN_BUDGET_MS / WORK_MS;

/** Turns that a test begins by hand, of answers that take half a millisecond each. */
function createTurns({ isShared = true } = {}) {
  let nowMs = 0;
  const next: (() => void)[] = [];
  const handled: string[] = [];
  const turns = new AnswerTurns<string>({
    clock: { monotonicMs: () => nowMs },
    isShared: () => isShared,
    inNextTurn: (run) => void next.push(run),
    handle: (answer) => {
      nowMs += WORK_MS;
      handled.push(answer);
    },
  });
  const add = (connector: string, count: number) => {
    for (let index = 0; index < count; index += 1) turns.add(connector, connector);
  };
  /** What was handled in the turn. */
  const nextTurn = () => {
    const before = handled.length;
    assert.ok(next.length <= 1, 'one turn is asked for at a time');
    next.pop()?.();
    return handled.slice(before);
  };
  return { turns, handled, add, nextTurn, isAsked: () => next.length > 0 };
}

test('few answers are handled as they come, and no turn is asked for after them', () => {
  const { handled, add, nextTurn, isAsked } = createTurns();
  add('acme', 3);
  assert.equal(handled.length, 3);
  assert.deepEqual(nextTurn(), []);
  assert.equal(isAsked(), false);
});

test('the answers of the only connector are handled as they arrive, however many there are', () => {
  const { handled, add, isAsked } = createTurns({ isShared: false });
  add('acme', 3 * PER_TURN);
  assert.equal(handled.length, 3 * PER_TURN);
  assert.equal(isAsked(), false);
});

test('of many answers that come together, each turn handles what its budget allows, until none is left', () => {
  const { handled, add, nextTurn, isAsked } = createTurns();
  add('acme', 3 * PER_TURN + 1);
  assert.equal(handled.length, PER_TURN);
  assert.deepEqual([nextTurn().length, nextTurn().length, nextTurn().length], [PER_TURN, PER_TURN, 1]);
  nextTurn();
  assert.equal(isAsked(), false);
  add('acme', 1);
  assert.equal(handled.length, 3 * PER_TURN + 2, 'at once again');
});

test('the answer of a quiet connector waits for one of each other connector at most, however many these have', () => {
  const { handled, add, nextTurn } = createTurns();
  add('flooding', 100);
  add('other', 50);
  add('quiet', 1);
  assert.ok(!handled.includes('quiet'));
  assert.deepEqual(nextTurn().slice(0, 3), ['flooding', 'other', 'quiet']);
});

test('an answer that comes while others wait does not overtake those of its connector', () => {
  const order: number[] = [];
  let nowMs = 0;
  const next: (() => void)[] = [];
  const turns = new AnswerTurns<number>({
    clock: { monotonicMs: () => nowMs },
    isShared: () => true,
    inNextTurn: (run) => void next.push(run),
    handle: (answer) => {
      order.push(answer);
      nowMs += TURN_BUDGET_MS;
    },
  });
  for (let answer = 0; answer < 5; answer += 1) turns.add('acme', answer);
  next.shift()?.();
  turns.add('acme', 5);
  while (next.length > 0) next.shift()?.();
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
});
