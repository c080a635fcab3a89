import assert from 'node:assert/strict';
import { test } from 'node:test';
import { positionKey } from './state-position.ts';
import { PartitionState } from './state-view.ts';

const codec = {
  encode: (value: number) => Buffer.from(String(value)),
  decode: (bytes: Buffer) => Number(bytes),
};

const changesOf = (state: PartitionState<number>) =>
  state.takeChanges(2).map(({ key, value, partition }) => [String(key), value?.toString() ?? null, partition]);

test('several changes of a key are one record, with what is true in the end', () => {
  const state = new PartitionState(codec);
  state.set('a', 1);
  state.set('b', 1);
  state.set('a', 2);
  state.delete('b');
  assert.deepEqual(changesOf(state), [
    ['a', '2', 2],
    ['b', null, 2],
  ]);
  assert.deepEqual(changesOf(state), []);
});

test('a key that is not there is deleted without a record', () => {
  const state = new PartitionState(codec);
  state.delete('a');
  assert.deepEqual(changesOf(state), []);
});

test('what is restored is no change, and what was deleted is not there', () => {
  const state = new PartitionState(codec);
  state.restore('a', Buffer.from('1'));
  state.restore('b', Buffer.from('2'));
  state.restore('b', null);
  assert.deepEqual([state.get('a'), state.get('b'), state.size], [1, undefined, 1]);
  assert.deepEqual(changesOf(state), []);
});

test('a key of the position is refused', () => {
  assert.throws(() => new PartitionState(codec).set(positionKey('group'), 1), /reserved/);
});
