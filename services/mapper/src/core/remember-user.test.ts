import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartitionState, StateMemory } from '@astrolabe/processing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { neededOf, rememberUser } from './remember-user.ts';
import { userStateCodec, userStateKey, type UserState } from './user-state.ts';

const NOW_MS = Date.UTC(2026, 10, 28);
const DAY_MS = 86_400_000;
const email: UserState = { email: { domain: 'gmail.com', atMs: NOW_MS } };
const deleted: UserState = { suppressed: { atMs: NOW_MS } };
const archived: UserState = { suppressed: { atMs: NOW_MS, isArchived: true } };

const key = (userId: string, connectorId = 'acme') => userStateKey(connectorId, userId);
const remember = (state: PartitionState<UserState>, userId: string, value: UserState, connectorId = 'acme') =>
  rememberUser(state, key(userId, connectorId), value, 2);

test('at the limit the least recently changed address is evicted, and never a deletion', () => {
  const state = new PartitionState(userStateCodec);
  remember(state, 'a', email);
  remember(state, 'b', email);
  remember(state, 'a', { email: { domain: 'acme.com', atMs: NOW_MS } });
  assert.deepEqual(remember(state, 'c', deleted), { kind: 'remembered', forgotten: 1 });
  assert.deepEqual(
    ['a', 'b', 'c'].map((userId) => state.get(key(userId)) !== undefined),
    [true, false, true],
  );
  assert.equal(state.sizeOf('acme'), 2);
});

test('if all are deletions, a new one finds no room, an address is not remembered, and known users stay known', () => {
  const state = new PartitionState(userStateCodec);
  for (const userId of ['a', 'b']) remember(state, userId, deleted);
  assert.deepEqual(remember(state, 'c', deleted), { kind: 'full', bound: 'users' });
  assert.deepEqual(remember(state, 'c', email), { kind: 'remembered', forgotten: 1 });
  assert.equal(state.get(key('c')), undefined);
  const again = { suppressed: { atMs: NOW_MS + 1 } };
  assert.deepEqual(remember(state, 'a', again), { kind: 'remembered', forgotten: 0 });
  assert.deepEqual(state.get(key('a')), again);
});

test('a connector at its limit takes nothing from another', () => {
  const state = new PartitionState(userStateCodec);
  for (const userId of ['a', 'b']) remember(state, userId, deleted, 'full');
  assert.equal(remember(state, 'a', deleted).kind, 'remembered');
  assert.equal(remember(state, 'c', deleted, 'full').kind, 'full');
  assert.deepEqual([state.sizeOf('full'), state.sizeOf('acme')], [2, 1]);
});

test('a connector that has used up its share of the memory gives one of its own for each new one, and others have room', () => {
  const fault = () => new PipelineError('mapper.state-too-large', 'no room', { retryable: false });
  const memory = new StateMemory({ growthBytes: 10_000, maxBytes: 12_000, fault });
  const state = new PartitionState(userStateCodec, memory);
  const set = (userId: string, value: UserState, connectorId = 'acme') =>
    rememberUser(state, key(userId, connectorId), value, 1_000);
  for (let index = 0; index < 500; index += 1) set(`u${index}`, email);
  const held = state.sizeOf('acme');
  assert.ok(held > 30 && held < 60, String(held));
  assert.equal(state.get(key('u0')), undefined);
  assert.deepEqual(set('one', deleted), { kind: 'remembered', forgotten: 1 });
  const outcomes = Array.from({ length: 2 * held }, (_, index) => set(`d${index}`, deleted));
  assert.deepEqual(outcomes.at(-1), { kind: 'full', bound: 'memory' });
  const deletions = state.sizeOf('acme');
  assert.deepEqual(set('late', email), { kind: 'remembered', forgotten: 1 });
  assert.deepEqual(set('d0', { suppressed: { atMs: NOW_MS + 1 } }), { kind: 'remembered', forgotten: 0 });
  assert.deepEqual(set('a', deleted, 'globex'), { kind: 'remembered', forgotten: 0 });
  assert.equal(state.sizeOf('acme'), deletions);
});

test("an archive's deletions are evicted before any live one", () => {
  const state = new PartitionState(userStateCodec);
  remember(state, 'a', deleted);
  remember(state, 'b', archived);
  assert.deepEqual(remember(state, 'c', deleted), { kind: 'remembered', forgotten: 1 });
  assert.equal(state.get(key('b')), undefined);
});

test('a lowered limit is reached a few users at a time', () => {
  const state = new PartitionState(userStateCodec);
  for (let index = 0; index < 40; index += 1) state.set(key(`u${index}`), email);
  assert.deepEqual(remember(state, 'new', email), { kind: 'remembered', forgotten: 16 });
  for (const userId of ['x', 'y', 'z']) remember(state, userId, email);
  assert.equal(state.sizeOf('acme'), 2);
});

test('what is no longer needed is removed, and nothing else', () => {
  const block = { isEnabled: true, freeEmailProviders: 'block', isFree: () => false } as const;
  const allow = { ...block, freeEmailProviders: 'allow' } as const;
  const ago = (days: number) => NOW_MS - days * DAY_MS;
  const archivedAt = (days: number): UserState => ({ suppressed: { atMs: ago(days), isArchived: true } });
  const lifted = (days: number): UserState => ({
    suppressed: { atMs: ago(900), liftedAtMs: ago(days) },
    decided: 'abcdefgh',
  });
  const table: readonly (readonly [string, UserState, typeof block | typeof allow, UserState | undefined])[] = [
    ['a suppression, however old', { suppressed: { atMs: ago(9_000) } }, allow, { suppressed: { atMs: ago(9_000) } }],
    ['a lift within the time in which events can come back', lifted(37), allow, lifted(37)],
    ['one beyond', lifted(38), allow, undefined],
    ['a known lift without a suppression', { decided: 'abcdefgh', decidedAtMs: ago(38) }, allow, undefined],
    ['an address', email, block, email],
    ['an address of a connector that lets all in', email, allow, undefined],
    ['an address of 400 days', { email: { domain: 'a.b', atMs: ago(401) } }, block, undefined],
    ['an address beside a suppression', { ...deleted, ...email }, allow, deleted],
    ['a lift beside an address', { ...lifted(38), ...email }, block, email],
    ['what an archive deletes', archivedAt(900), allow, archivedAt(900)],
  ];
  for (const [name, state, rules, needed] of table) assert.deepEqual(neededOf(state, rules, NOW_MS), needed, name);
  assert.equal(neededOf(deleted, allow, NOW_MS), deleted, 'the same, where all of it is needed');
});
