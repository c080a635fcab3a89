import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkKind } from '../core/turns/fair-turns.ts';
import { REPLAYED_BUDGET_MS, TURN_BUDGET_MS } from '../core/turns/turn-budget.ts';
import { LoopTurns } from './loop-turns.ts';

const WORK_MS = 0.5;
const PER_TURN = TURN_BUDGET_MS / WORK_MS;

/** Turns that a test begins by hand, of work that takes half a millisecond each. */
function createTurns({ isShared = true } = {}) {
  let nowMs = 0;
  const next: (() => void)[] = [];
  const handled: string[] = [];
  const turnsMs: number[] = [];
  const turns = new LoopTurns({
    clock: { monotonicMs: () => nowMs },
    isShared: () => isShared,
    inNextTurn: (run) => void next.push(run),
    onTurnOver: (turnMs) => void turnsMs.push(turnMs),
  });
  const addWork = (connector: string, count: number, kind: WorkKind, name: string, isReplayed: boolean): void => {
    const onTurn = (): void => {
      nowMs += WORK_MS;
      handled.push(name);
    };
    for (let index = 0; index < count; index += 1) turns.add(connector, kind, { isReplayed, onTurn });
  };
  const add = (connector: string, count: number, kind: WorkKind = 'answer', name = connector) =>
    addWork(connector, count, kind, name, false);
  const replay = (connector: string, count: number) => addWork(connector, count, 'answer', 'replayed', true);
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  /** What was handled in the turn. */
  const nextTurn = () => {
    const before = handled.length;
    assert.ok(next.length <= 1, 'one turn is asked for at a time');
    next.pop()?.();
    return handled.slice(before);
  };
  return { handled, turnsMs, add, replay, pass, nextTurn, isAsked: () => next.length > 0 };
}

test('little work is done as it comes, and no turn is asked for after it', () => {
  const { handled, add, nextTurn, isAsked } = createTurns();
  add('acme', 2);
  add('acme', 1, 'start');
  assert.equal(handled.length, 3);
  assert.deepEqual(nextTurn(), []);
  assert.equal(isAsked(), false);
});

test('the work of the only connector is done as it comes, however much there is', () => {
  const { handled, add, isAsked } = createTurns({ isShared: false });
  add('acme', 3 * PER_TURN);
  add('acme', 3 * PER_TURN, 'start');
  assert.equal(handled.length, 6 * PER_TURN);
  assert.equal(isAsked(), false);
});

test('of much work that comes together, each turn does what its budget allows, until none is left', () => {
  const { handled, add, nextTurn, isAsked } = createTurns();
  add('acme', 3 * PER_TURN + 1);
  assert.equal(handled.length, PER_TURN);
  assert.deepEqual([nextTurn().length, nextTurn().length, nextTurn().length], [PER_TURN, PER_TURN, 1]);
  nextTurn();
  assert.equal(isAsked(), false);
  add('acme', 1);
  assert.equal(handled.length, 3 * PER_TURN + 2, 'at once again');
});

test("a quiet connector's first pieces of work in a turn are done at once, however much of a flood waits", () => {
  for (const flood of [10, 1_000, 50_000]) {
    const { handled, add, nextTurn } = createTurns();
    add('quiet', 1);
    nextTurn();
    nextTurn();
    const before = handled.length;
    add('flooding', flood, 'start');
    add('quiet', 1, 'start');
    assert.deepEqual(handled.slice(before + PER_TURN), ['quiet']);
    nextTurn();
    add('quiet', 2);
    assert.deepEqual(handled.slice(-2), ['quiet', 'quiet']);
  }
});

test('work of a quiet connector that has to wait waits for one piece of each other connector at most', () => {
  const { handled, add, nextTurn } = createTurns();
  const others = ['flooding', 'b', 'c', 'd', 'e'];
  for (const other of others) add(other, 100);
  add('quiet', 1);
  assert.ok(!handled.includes('quiet'), 'the others have used up the turn and what is granted beyond it');
  assert.deepEqual([...nextTurn(), ...nextTurn()].slice(0, 6), [...others, 'quiet']);
});

test('of one connector, answers go before starts, and neither overtakes its own kind', () => {
  const { handled, add, nextTurn } = createTurns();
  add('acme', PER_TURN, 'start', 'at once');
  add('acme', 1, 'start', 'start 1');
  add('acme', 1, 'start', 'start 2');
  nextTurn();
  assert.deepEqual(handled.slice(PER_TURN), ['start 1', 'start 2']);
  nextTurn();
  add('acme', PER_TURN, 'start', 'at once');
  add('acme', 1, 'start', 'start 3');
  add('acme', 1, 'answer', 'answer 1');
  add('acme', 1, 'answer', 'answer 2');
  assert.deepEqual(nextTurn(), ['answer 1', 'answer 2', 'start 3']);
});

test('each turn with work is measured, with all that was done in it', () => {
  const { turnsMs, add, nextTurn } = createTurns();
  add('acme', 3);
  nextTurn();
  assert.deepEqual(turnsMs, [3 * WORK_MS]);
  nextTurn();
  assert.deepEqual(turnsMs, [3 * WORK_MS], 'a turn without work is none');
});

test('the work of a replay waits for all that is live, and has a part of the turn while live work comes', () => {
  const { add, replay, nextTurn } = createTurns();
  add('acme', PER_TURN + 1);
  replay('globex', 3 * PER_TURN);
  assert.deepEqual(nextTurn(), ['acme', 'replayed']);
  const ofReplay = REPLAYED_BUDGET_MS / WORK_MS;
  assert.equal(nextTurn().length, ofReplay);
  add('acme', 1);
  assert.equal(nextTurn().length, ofReplay);
});

test('the work of a replay has the whole turn once no live work has come for a while', () => {
  const { add, replay, pass, nextTurn } = createTurns();
  add('acme', 1);
  replay('globex', 3 * PER_TURN);
  pass(1_500);
  nextTurn();
  assert.equal(nextTurn().length, PER_TURN);
});

test('a replay of the only connector is worked on as it comes, unless live work came lately', () => {
  const { handled, add, replay } = createTurns({ isShared: false });
  replay('acme', 3 * PER_TURN);
  assert.equal(handled.length, 3 * PER_TURN);
  add('acme', 1);
  replay('acme', 3 * PER_TURN);
  const before = handled.length;
  assert.ok(before < 6 * PER_TURN, `${before} pieces before the next turn`);
  add('acme', 1);
  assert.equal(handled.length, before + 1, 'live work does not wait for it');
});
