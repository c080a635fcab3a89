import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settledOffsets } from './settled-offsets.ts';

function readerOf(...answers: (readonly [lastStable: bigint, high: bigint])[]) {
  let asked = 0;
  return {
    asked: () => asked,
    offsets: async () => {
      const [lastStableOffset, highWatermark] = answers[Math.min(asked, answers.length - 1)] ?? assert.fail();
      asked += 1;
      return { lowWatermark: 0n, lastStableOffset, highWatermark };
    },
  };
}
const pause = async (): Promise<void> => undefined;

test('what was committed before the call is before the end, though its marker was not written yet', async () => {
  const reader = readerOf([2n, 4n], [2n, 5n], [5n, 5n]);
  assert.equal((await settledOffsets(reader, 'topic', 0, pause)).lastStableOffset, 5n);
});

test('transactions that begin after the call are not waited for', async () => {
  const reader = readerOf([2n, 4n], [4n, 9n], [9n, 9n]);
  assert.equal((await settledOffsets(reader, 'topic', 0, pause)).lastStableOffset, 4n);
  const settled = readerOf([4n, 4n], [9n, 9n]);
  assert.equal((await settledOffsets(settled, 'topic', 0, pause)).lastStableOffset, 4n);
  assert.equal(settled.asked(), 1, 'nothing open: asked once');
});

test('a transaction that never ends does not block a reader for good: the range ends before it', async () => {
  const reader = readerOf([2n, 4n]);
  assert.equal((await settledOffsets(reader, 'topic', 0, pause)).lastStableOffset, 2n);
  assert.ok(reader.asked() > 100, 'asked many times before it gave up');
});
