import assert from 'node:assert/strict';
import { test } from 'node:test';
import { positionKey } from '@astrolabe/records';
import { CLOCK_KEY } from './state-clock.ts';
import { PartitionState, type StateCodec, type StateKey } from './state-view.ts';

/**
 * Keys of records are `scope/id`, and `scope/old:id` in a form that is no longer written. Values below zero are
 * expendable.
 */
const codec: StateCodec<number> = {
  encode: (value) => Buffer.from(String(value)),
  decode: (bytes) => Number(bytes),
  encodeKey: ({ scope, id }) => (scope === '' ? id : `${scope}/${id}`),
  decodeKey: (text) => {
    const [scope = '', id = ''] = text.split('/');
    return id.startsWith('old:')
      ? { key: key(id.slice(4), scope), isOutdated: true }
      : { key: key(id, scope), isOutdated: false };
  },
  pack: String,
  unpack: Number,
  isExpendable: (value) => value < 0,
};

function key(id: string, scope = 's'): StateKey {
  return { scope, id };
}

function textOf(records: ReturnType<PartitionState<number>['takeChanges']>) {
  return records.map((record) => [String(record.key), record.value?.toString() ?? null, record.partition]);
}

const changesOf = (state: PartitionState<number>) => textOf(state.takeChanges(2));

test('several changes of a key are one record, with what is true in the end', () => {
  const state = new PartitionState(codec);
  state.set(key('a'), 1);
  state.set(key('b'), 1);
  state.set(key('a'), 2);
  state.delete(key('b'));
  assert.deepEqual(changesOf(state), [
    ['s/a', '2', 2],
    ['s/b', null, 2],
  ]);
  assert.deepEqual(changesOf(state), []);
});

test('a key that is not there is deleted without a record', () => {
  const state = new PartitionState(codec);
  state.delete(key('a'));
  assert.deepEqual(changesOf(state), []);
});

test('restoring is not a change, and a deleted entry is absent', () => {
  const state = new PartitionState(codec);
  state.restore('s/a', Buffer.from('1'));
  state.restore('s/b', Buffer.from('2'));
  state.restore('s/b', null);
  assert.deepEqual([state.get(key('a')), state.get(key('b')), state.size], [1, undefined, 1]);
  assert.deepEqual(changesOf(state), []);
});

test('keys of the position and of the clock are refused', () => {
  for (const reserved of [positionKey('group'), CLOCK_KEY]) {
    assert.throws(() => new PartitionState(codec).set(key(reserved, ''), 1), /reserved/);
  }
});

test('each scope is counted by itself, and one that is empty again takes no memory', () => {
  const state = new PartitionState(codec);
  for (const scope of ['one', 'other']) state.set(key('a', scope), 1);
  state.set(key('b', 'one'), -1);
  assert.deepEqual([state.sizeOf('one'), state.sizeOf('other'), state.sizeOf('third')], [2, 1, 0]);
  for (const id of ['a', 'b']) state.delete(key(id, 'one'));
  assert.deepEqual([state.sizeOf('one'), state.size], [0, 1]);
});

test('the expendable entry that was changed first is the oldest, and after a restore of what was written it is the same one', () => {
  const state = new PartitionState(codec);
  const topic: ReturnType<typeof state.takeChanges> = [];
  const store = () => topic.push(...state.takeChanges(0));
  for (const id of ['a', 'b', 'c']) state.set(key(id), -1);
  state.set(key('a'), -2);
  store();
  state.set(key('kept'), 1);
  state.set(key('b'), -2);
  store();
  const restored = new PartitionState(codec);
  for (const record of topic) restored.restore(String(record.key), record.value);
  for (const each of [state, restored]) {
    const order: string[] = [];
    for (let next = each.oldestExpendable('s'); next !== undefined; next = each.oldestExpendable('s')) {
      order.push(next.id);
      each.delete(next);
    }
    assert.deepEqual(order, ['c', 'a', 'b']);
  }
});

test('an entry that becomes needed is no longer expendable, and the other way round', () => {
  const state = new PartitionState(codec);
  state.set(key('a'), -1);
  state.set(key('a'), 1);
  assert.equal(state.oldestExpendable('s'), undefined);
  assert.equal(state.sizeOf('s'), 1);
  state.set(key('a'), -1);
  assert.deepEqual(state.oldestExpendable('s'), key('a'));
  assert.equal(state.sizeOf('s'), 1);
});

test('a review goes through all entries in slices, and what it changes is written', () => {
  const state = new PartitionState(codec);
  for (const [index, scope] of ['x', 'x', 'x', 'y', 'y'].entries())
    state.restore(`${scope}/${index}`, Buffer.from('7'));
  const seen: string[] = [];
  const judge = (scope: string, value: number): number | undefined => {
    seen.push(scope);
    return seen.length === 2 ? undefined : seen.length === 4 ? -7 : value;
  };
  state.review(2, judge);
  assert.deepEqual(seen, ['x', 'x']);
  state.review(9, judge);
  assert.deepEqual(changesOf(state), [
    ['x/1', null, 2],
    ['y/3', '-7', 2],
  ]);
  const before = seen.length;
  state.review(1, judge);
  assert.ok(seen.length <= before + 1, 'a call looks at no more than it was told');
});

test('the clock only advances, and is written with the next batch where it has', () => {
  const state = new PartitionState(codec);
  assert.deepEqual([state.clockMs, state.takeClock(0)], [0, []]);
  state.advanceClock(7);
  state.advanceClock(5);
  assert.deepEqual(textOf(state.takeClock(1)), [[CLOCK_KEY, '{"clockMs":7}', 1]]);
  assert.deepEqual([state.clockMs, state.takeClock(1)], [7, []]);
});

test('a record under an outdated key counts, is replaced once, and its end does not end what replaced it', () => {
  const topic: [string, string | null][] = [
    ['s/old:a', '1'],
    ['s/old:b', '1'],
    ['s/old:a', '2'],
    ['s/old:b', null],
  ];
  const restoreAll = () => {
    const state = new PartitionState(codec);
    for (const [text, value] of topic) state.restore(text, value === null ? null : Buffer.from(value));
    return state;
  };
  const state = restoreAll();
  assert.deepEqual([state.get(key('a')), state.get(key('b')), state.hasOutdatedKeys], [2, undefined, true]);
  const replacements = [...topic].flatMap(([text]) => textOf(state.takeReplacements(text, 0)));
  assert.deepEqual(replacements, [
    ['s/old:a', null, 0],
    ['s/a', '2', 0],
  ]);
  assert.ok(!state.hasOutdatedKeys);
  for (const [text, value] of replacements) topic.push([String(text), value === null ? null : String(value)]);
  const again = restoreAll();
  assert.deepEqual([again.get(key('a')), again.size, again.hasOutdatedKeys], [2, 1, false]);
});

test('a change after the restore is the newer one, though the outdated record is read again later', () => {
  const state = new PartitionState(codec);
  for (const [text, value] of [
    ['s/old:a', '1'],
    ['s/a', '2'],
    ['s/old:a', null],
  ] as const) {
    state.restore(text, value === null ? null : Buffer.from(value));
  }
  assert.deepEqual([state.get(key('a')), state.hasOutdatedKeys], [2, false]);
});
