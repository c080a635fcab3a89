import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOffsets, isInRanges, parseOffsetRanges } from './offset-ranges.ts';

function rangesOf(text: string): readonly (readonly [number, bigint, bigint | undefined])[] {
  const parsed = parseOffsetRanges(text);
  if (parsed.kind === 'invalid') return assert.fail(parsed.reason);
  return parsed.ranges.map(({ partition, firstOffset, lastOffset }) => [partition, firstOffset, lastOffset]);
}

test('a range names a partition and its first and last offset, one of which may be left out', () => {
  assert.deepEqual(rangesOf('0:100-200,1:5-'), [
    [0, 100n, 200n],
    [1, 5n, undefined],
  ]);
  assert.deepEqual(rangesOf('3:7, 2:-9, 4:-'), [
    [2, 0n, 9n],
    [3, 7n, 7n],
    [4, 0n, undefined],
  ]);
});

test('ranges that overlap or meet are one, so that no record is taken twice', () => {
  assert.deepEqual(rangesOf('0:5-9,0:1-4,0:8-12,0:20'), [
    [0, 1n, 12n],
    [0, 20n, 20n],
  ]);
  assert.deepEqual(rangesOf('0:5-,0:9-12'), [[0, 5n, undefined]]);
});

test('text that is not a range is named', () => {
  for (const text of ['', '0', '0:', 'a:1', '0:9-5', '0:1-2-3', '0:1,,1:2', '-1:3']) {
    assert.equal(parseOffsetRanges(text).kind, 'invalid', text);
  }
});

test('both ends belong to a range', () => {
  const parsed = parseOffsetRanges('0:2-4');
  assert.ok(parsed.kind === 'ranges');
  assert.deepEqual(
    [1n, 2n, 4n, 5n].map((offset) => isInRanges(parsed.ranges, 0, offset)),
    [false, true, true, false],
  );
  assert.equal(isInRanges(parsed.ranges, 1, 3n), false);
});

test('offsets are written as ranges that read the same', () => {
  assert.equal(formatOffsets([9n, 3n, 4n, 5n, 7n, 6n, 12n]), '3-7,9,12');
  assert.equal(formatOffsets([]), '');
});
