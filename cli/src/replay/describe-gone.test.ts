import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goneBefore, goneOf } from './describe-gone.ts';

const bounds = [
  { partition: 0, lowWatermark: 100n, highWatermark: 200n },
  { partition: 1, lowWatermark: 0n, highWatermark: 50n },
  { partition: 2, lowWatermark: 70n, highWatermark: 70n },
];
const gone = (partition: number, firstOffset: bigint, lastOffset?: bigint) =>
  goneOf('t', { partition, firstOffset, lastOffset }, bounds);

test('offsets that retention has removed are told, with what is left', () => {
  assert.deepEqual(gone(0, 10n, 50n), ['t[0]: offsets 10 to 50 are gone; the partition holds 100 to 199.']);
  assert.deepEqual(gone(0, 10n), ['t[0]: offsets 10 to 99 are gone; the partition holds 100 to 199.']);
  assert.deepEqual(gone(2, 0n), ['t[2]: offsets 0 to 69 are gone; the partition is empty (its next offset is 70).']);
});

test('offsets that are not there yet are told', () => {
  assert.deepEqual(gone(0, 150n, 300n), [
    't[0]: offsets from 200 on are not there yet; the partition holds 100 to 199.',
  ]);
  assert.deepEqual(gone(1, 60n), ['t[1]: offsets from 60 on are not there yet; the partition holds 0 to 49.']);
});

test('ranges that are all there, and open ends, say nothing', () => {
  assert.deepEqual([...gone(0, 100n, 199n), ...gone(0, 100n), ...gone(1, 0n, 49n)], []);
});

test('a time before what is left is told where reading begins at the first record that is left', () => {
  const at = (partition: number, fromOffset: bigint) => ({ partition, fromOffset });
  assert.deepEqual(goneBefore('t', [at(0, 150n), at(1, 0n)], bounds.slice(0, 2)), []);
  assert.match(goneBefore('t', [at(0, 100n), at(1, 0n)], bounds)[0] ?? '', /partitions 0, 2: 170 older offsets/);
});
