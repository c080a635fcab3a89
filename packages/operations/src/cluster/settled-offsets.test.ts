import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettledOffsets, settledOffsets } from './settled-offsets.ts';

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

test('who asks again does not wait again for a transaction that was given up, but for any other', async () => {
  const state = { stable: 2n, high: 4n, asked: 0 };
  const reader = {
    offsets: async () => {
      state.asked += 1;
      return { lowWatermark: 0n, lastStableOffset: state.stable, highWatermark: state.high };
    },
  };
  const settled = new SettledOffsets(reader, pause);
  const askedFor = async (partition: number): Promise<number> => {
    const before = state.asked;
    assert.equal((await settled.of('topic', partition)).lastStableOffset, state.stable);
    return state.asked - before;
  };
  const waited = await askedFor(0);
  assert.ok(waited > 100, 'asked many times before it gave up');
  state.high = 9n;
  assert.equal(await askedFor(0), 1, 'the same transaction');
  assert.equal(await askedFor(1), waited, 'another partition');
  state.stable = 6n;
  assert.ok((await askedFor(0)) > 100, 'another transaction');
  state.stable = 9n;
  assert.ok((await askedFor(0)) <= 2, 'nothing open any more');
});
