import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideDeletion, decideLift, decisionId, isSuppressed, type Arrival, type Decision } from './suppression.ts';
import type { UserState } from './user-state.ts';

function decision(id: string, atMs: number, arrival: Arrival = 'live', effectiveMs = atMs): Decision {
  return { id: id.padEnd(8, '-'), arrival, atMs, effectiveMs };
}

type Step = readonly ['D' | 'L', string, number, Arrival?, number?];

/** `D` deletes and `L` lifts, under the id and at the time that follow. */
function after(...steps: readonly Step[]): UserState | undefined {
  let state: UserState | undefined;
  for (const [kind, ...rest] of steps) {
    const each = decision(...rest);
    state = kind === 'D' ? decideDeletion(state, each).nextState : decideLift(state, each).nextState;
  }
  return state;
}

const isHeld = (state: UserState | undefined, atMs: number, arrival: Arrival = 'live') =>
  isSuppressed(state, { arrival, atMs });

test('a deletion suppresses every event, also one that was received before it and is replayed', () => {
  const state = after(['D', 'd', 10]);
  for (const arrival of ['live', 'repeated', 'archived'] as const) {
    for (const atMs of [5, 10, 15]) assert.ok(isHeld(state, atMs, arrival));
  }
  assert.ok(!isHeld(undefined, 15));
});

test('a lift lets in what comes after it, by whichever clock, and in a replay nothing received before it', () => {
  const state = after(['D', 'd', 10], ['L', 'l', 20, 'live', 26]);
  assert.equal(state?.suppressed?.liftedAtMs, 26);
  for (const atMs of [5, 25, 30]) assert.ok(!isHeld(state, atMs));
  for (const arrival of ['repeated', 'archived'] as const) {
    assert.deepEqual(
      [5, 25, 26, 30].map((atMs): boolean => isHeld(state, atMs, arrival)),
      [true, true, false, false],
    );
  }
});

test("deletions and lifts count in their order, even if the second's clock is behind the first's", () => {
  assert.ok(!isHeld(after(['D', 'd', 700], ['L', 'l', 100]), 100));
  assert.ok(isHeld(after(['D', 'd1', 700], ['L', 'l', 100], ['D', 'd2', 50]), 800));
  assert.ok((after(['D', 'd', 700], ['L', 'l', 100])?.suppressed?.liftedAtMs ?? 0) > 700);
});

test('each counts once: repeated with its id, live or replayed, at any time, it changes nothing', () => {
  const state = after(['D', 'm1', 10], ['L', 'm2', 20], ['D', 'm3', 30]);
  for (const arrival of ['live', 'repeated'] as const) {
    assert.equal(decideLift(state, decision('m2', 99, arrival)).nextState, state, 'the user stays suppressed');
    assert.equal(decideDeletion(state, decision('m1', 99, arrival)).nextState, state);
  }
  const lifted = after(['D', 'm1', 10], ['L', 'm2', 20]);
  const again = decideDeletion(lifted, decision('m1', 99));
  assert.equal(again.nextState, lifted, 'the user stays let in');
  assert.equal(again.occurredAtMs, 10, 'and keeps what came since');
});

test('a deletion and a lift of one messageId are two decisions', () => {
  assert.notEqual(decisionId('delete', 'm'), decisionId('unsuppress', 'm'));
});

test('a record out of order decides by its time, and never overrides a newer one', () => {
  for (const arrival of ['repeated', 'archived'] as const) {
    const suppressed = after(['D', 'd', 10]);
    assert.ok(isHeld(decideLift(suppressed, decision('old', 9, arrival)).nextState, 99));
    assert.ok(decideLift(suppressed, decision('newer', 11, arrival)).isLifted);
    const lifted = after(['D', 'd', 10], ['L', 'l', 20]);
    const old = decideDeletion(lifted, decision('old', 19, arrival));
    assert.ok(!isHeld(old.nextState, 99));
    assert.equal(old.occurredAtMs, 19);
  }
  const redriven = decideDeletion(after(['D', 'd', 10], ['L', 'l', 20]), decision('r', 21, 'repeated', 90));
  assert.ok(isHeld(redriven.nextState, 99));
  assert.equal(redriven.occurredAtMs, 90, 'what was received while it was a dead letter goes too');
});

test("an archive's deletion applies to archives, and in a replay to what is older", () => {
  const state = after(['D', 'd', 10, 'archived']);
  assert.ok(!isHeld(state, 99));
  assert.deepEqual([isHeld(state, 10, 'repeated'), isHeld(state, 11, 'repeated')], [true, false]);
  assert.deepEqual([isHeld(state, 5, 'archived'), isHeld(state, 11, 'archived')], [true, true]);
  const lifted = decideLift(state, decision('l', 20, 'archived')).nextState;
  assert.deepEqual([isHeld(lifted, 19, 'archived'), isHeld(lifted, 20, 'archived')], [true, false]);
  const deleted = after(['D', 'd', 10], ['D', 'old', 5, 'archived']);
  assert.ok(isHeld(deleted, 99), 'a real suppression is not weakened');
  assert.ok(isHeld(after(['D', 'd', 10, 'archived'], ['D', 'now', 50]), 99));
});

test("a deletion drops the rest of the user's state", () => {
  const { nextState } = decideDeletion({ email: { domain: 'gmail.com', atMs: 1 } }, decision('d', 10));
  assert.deepEqual(nextState, { suppressed: { atMs: 10 }, decided: 'd-------' });
});

test('lifting without a suppression only remembers the lift', () => {
  const email = { domain: 'gmail.com', atMs: 1 };
  const { nextState, isLifted } = decideLift({ email }, decision('l', 10));
  assert.deepEqual([nextState, isLifted], [{ email, decided: 'l-------', decidedAtMs: 10 }, false]);
  assert.deepEqual(decideLift(undefined, decision('l', 10, 'archived')), { nextState: undefined, isLifted: false });
});

test('no number of deletions and lifts makes a state of more than 32 ids', () => {
  const steps = Array.from({ length: 200 }, (_, index) => [index % 2 === 0 ? 'D' : 'L', `${index}`, index] as const);
  const decided = after(...steps)?.decided ?? '';
  assert.equal(decided.length, 32 * 8);
  assert.ok(decided.endsWith('199-----'));
});
