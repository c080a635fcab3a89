import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapperProgress, replayOrder, replayView } from '../testing/index.ts';
import { openPartitions } from './replay-view.ts';
import { offsetsIn, partitionsOf, remainingSpans, startOf } from './spans.ts';

const order = replayOrder({
  spans: [
    { partition: 0, fromOffset: 5n, endOffset: 10n },
    { partition: 0, fromOffset: 20n, endOffset: 30n },
    { partition: 3, fromOffset: 0n, endOffset: 4n },
  ],
});

test('one offset says what of a partition is still to be read', () => {
  const left = (nextOffset: bigint) =>
    remainingSpans(order, 0, nextOffset).map(({ fromOffset, endOffset }) => [fromOffset, endOffset]);
  const both = [
    [5n, 10n],
    [20n, 30n],
  ];
  assert.deepEqual(left(0n), both);
  assert.deepEqual(left(5n), both);
  assert.deepEqual(left(7n), [
    [7n, 10n],
    [20n, 30n],
  ]);
  assert.deepEqual(left(10n), [[20n, 30n]]);
  assert.deepEqual(left(29n), [[29n, 30n]]);
  assert.deepEqual(left(30n), []);
  assert.deepEqual(remainingSpans(order, 1, 0n), []);
  assert.deepEqual([startOf(order, 0), startOf(order, 1), offsetsIn(order.spans)], [5n, undefined, 19]);
});

test('a partition is open until its last span is read', () => {
  assert.deepEqual(partitionsOf(order), [0, 3]);
  const at = (first: bigint, second: bigint) =>
    openPartitions(
      replayView(order, {
        mapper: new Map([
          [0, mapperProgress(first)],
          [3, mapperProgress(second)],
        ]),
      }),
    );
  assert.deepEqual(openPartitions(replayView(order)), [0, 3]);
  assert.deepEqual(at(29n, 4n), [0]);
  assert.deepEqual(at(30n, 3n), [3]);
  assert.deepEqual(at(30n, 4n), []);
});
