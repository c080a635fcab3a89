import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns, FairSlots } from './turns.ts';

/** Work takes what it says, and a slice begins when the test says so. */
function setUp() {
  let nowMs = 0;
  const due: (() => void)[] = [];
  const turns = createTurns({ monotonicMs: () => nowMs, afterSockets: (callback) => void due.push(callback) });
  const order: string[] = [];
  const charged: number[] = [];
  const send = (sender: string, tookMs: number) =>
    turns.run(
      sender,
      () => {
        nowMs += tookMs;
        order.push(sender);
        return order.length;
      },
      (workMs) => charged.push(workMs),
    );
  const nextSlice = (): void => due.splice(0).forEach((callback) => callback());
  return { turns, order, charged, send, nextSlice, due };
}

test('while the slice has time left and nothing waits, work is done at once', () => {
  const { order, charged, send, due } = setUp();
  assert.deepEqual([send('a', 1), send('b', 2), send('a', 3)], [1, 2, 3]);
  assert.deepEqual(
    [order, charged],
    [
      ['a', 'b', 'a'],
      [1, 2, 3],
    ],
  );
  assert.equal(due.length, 1, 'one slice for all of them');
});

test('behind expensive work of one sender, another waits for one piece of it, not for all that came before', async () => {
  const { order, send, nextSlice } = setUp();
  const floods = Array.from({ length: 5 }, () => send('flood', 80));
  assert.deepEqual(order, ['flood']);
  const quiet = send('quiet', 1);
  nextSlice();
  assert.deepEqual(order, ['flood', 'quiet', 'flood'], 'the quiet one first, though four came before');
  assert.equal(await quiet, 2);
  nextSlice();
  const again = send('quiet', 1);
  nextSlice();
  nextSlice();
  assert.deepEqual(order, ['flood', 'quiet', 'flood', 'flood', 'quiet', 'flood', 'flood']);
  await Promise.all([...floods, again]);
});

test('work that throws is charged for what it took, and rejects if it had to wait', async () => {
  const { turns, charged, send, nextSlice } = setUp();
  const fail = (): never => {
    throw new TypeError('a defect');
  };
  assert.throws(() => turns.run('a', fail, (workMs) => charged.push(workMs)), TypeError);
  await send('a', 5);
  const waiting = turns.run('b', fail, (workMs) => charged.push(workMs));
  nextSlice();
  await assert.rejects(Promise.resolve(waiting), TypeError);
  assert.deepEqual(charged, [0, 5, 0]);
});

test("only a limited number run at a time, and a later sender does not wait behind another's backlog", async () => {
  const slots = new FairSlots(2);
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const send = (sender: string) =>
    slots.run(
      sender,
      () => {
        order.push(sender);
        return new Promise<number>((resolve) => ends.push(() => resolve(10)));
      },
      (cost) => cost,
    );
  const sent = [...Array.from({ length: 5 }, () => send('flood')), send('quiet')];
  assert.deepEqual(order, ['flood', 'flood']);
  const endOne = async () => {
    ends.shift()?.();
    await new Promise(setImmediate);
  };
  await endOne();
  assert.deepEqual(order, ['flood', 'flood', 'quiet']);
  while (ends.length > 0) await endOne();
  assert.deepEqual(await Promise.all(sent), [10, 10, 10, 10, 10, 10]);
  await assert.rejects(
    slots.run(
      'a',
      () => Promise.reject(new RangeError('x')),
      () => 0,
    ),
    RangeError,
  );
  const last = send('a');
  ends.shift()?.();
  assert.equal(await last, 10, 'the slot of a failure is free again');
});
