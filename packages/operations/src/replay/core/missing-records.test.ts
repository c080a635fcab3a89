import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingOffsets, missingTimes } from './missing-records.ts';

const watermarks = [
  { partition: 0, lowWatermark: 100n, highWatermark: 200n },
  { partition: 1, lowWatermark: 0n, highWatermark: 50n },
  { partition: 2, lowWatermark: 70n, highWatermark: 70n },
] as const;
const [first, second, third] = watermarks;
const missing = (partition: number, firstOffset: bigint, lastOffset?: bigint) =>
  missingOffsets({ partition, firstOffset, lastOffset }, watermarks);

test('offsets that retention has removed are reported, with what is left', () => {
  const removed = { kind: 'removed-offsets' } as const;
  assert.deepEqual(missing(0, 10n, 50n), [{ ...removed, bounds: first, firstOffset: 10n, lastOffset: 50n }]);
  assert.deepEqual(missing(0, 10n), [{ ...removed, bounds: first, firstOffset: 10n, lastOffset: 99n }]);
  assert.deepEqual(missing(2, 0n), [{ ...removed, bounds: third, firstOffset: 0n, lastOffset: 69n }]);
});

test('offsets that are not written yet are reported', () => {
  assert.deepEqual(missing(0, 150n, 300n), [{ kind: 'future-offsets', bounds: first, firstOffset: 200n }]);
  assert.deepEqual(missing(1, 60n), [{ kind: 'future-offsets', bounds: second, firstOffset: 60n }]);
});

test('nothing is missing of ranges that are all there, or have an open end', () => {
  assert.deepEqual([...missing(0, 100n, 199n), ...missing(0, 100n), ...missing(0, 200n), ...missing(1, 0n, 49n)], []);
});

test('a time before what is left is reported where reading begins at the first record that is left', () => {
  const at = (partition: number, fromOffset: bigint) => ({ partition, fromOffset });
  assert.deepEqual(missingTimes([at(0, 150n), at(1, 0n)], watermarks.slice(0, 2)), []);
  assert.deepEqual(missingTimes([at(0, 100n), at(1, 0n)], watermarks), [
    { kind: 'removed-times', partitions: [0, 2], removed: 170 },
  ]);
});
