import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSuppressed, lift, suppress } from './suppression.ts';
import type { UserState } from './user-state.ts';

const suppressed: UserState = { suppressed: { atMs: 10 } };
const lifted: UserState = { suppressed: { atMs: 10, liftedAtMs: 20 } };

test('a deletion suppresses every event, also one that was received before it and is replayed', () => {
  assert.deepEqual(suppress(undefined, 10), suppressed);
  for (const receivedAtMs of [5, 10, 15]) assert.ok(isSuppressed(suppressed, receivedAtMs));
  assert.ok(!isSuppressed(undefined, 15));
});

test('a lift lets in what is received from then on, and a replay finds the same', () => {
  assert.deepEqual(lift(suppressed, 20), lifted);
  assert.ok(isSuppressed(lifted, 5), 'what was deleted stays away');
  assert.ok(isSuppressed(lifted, 19), 'what was skipped is skipped again');
  assert.ok(!isSuppressed(lifted, 20));
});

test('an old deletion or lift undoes nothing newer', () => {
  assert.equal(suppress(lifted, 10), lifted);
  assert.equal(lift(suppressed, 9), suppressed);
  assert.equal(lift(lifted, 30), lifted, 'it was lifted already');
  assert.equal(suppress(suppressed, 10), suppressed);
});

test('a deletion after a lift suppresses again', () => {
  assert.deepEqual(suppress(lifted, 20), { suppressed: { atMs: 20 } });
  assert.deepEqual(suppress(suppressed, 30), { suppressed: { atMs: 30 } });
});

test('a deletion forgets what else was known', () => {
  assert.deepEqual(suppress({ email: { domain: 'gmail.com', atMs: 1 } }, 10), suppressed);
});

test('lifting without a suppression leaves nothing behind', () => {
  assert.equal(lift(undefined, 10), undefined);
  const state = { email: { domain: 'gmail.com', atMs: 1 } };
  assert.equal(lift(state, 10), state);
});

test('deletions and lifts that are handled again, all of them in their order, change nothing', () => {
  const step = fc.record({ kind: fc.constantFrom('suppress', 'lift'), gapMs: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.nat({ max: 8 }), (steps, from) => {
      let atMs = 0;
      const timed = steps.map(({ kind, gapMs }) => ({ kind, atMs: (atMs += gapMs) }));
      const apply = (state: UserState | undefined, each: (typeof timed)[number]) =>
        each.kind === 'suppress' ? suppress(state, each.atMs) : lift(state, each.atMs);
      const once = timed.reduce<UserState | undefined>(apply, undefined);
      assert.deepEqual(timed.slice(from).reduce(apply, once), once);
      for (const each of timed) assert.deepEqual(apply(once, each), once, 'nor does a single one');
    }),
  );
});
