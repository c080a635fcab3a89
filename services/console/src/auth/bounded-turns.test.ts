import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedTurns } from './bounded-turns.ts';

test('never more goes on at one time than allowed, what waits runs in order, and what is too much is not begun', async () => {
  const turns = new BoundedTurns({ atOnce: 2, waiting: 3 });
  const begun: number[] = [];
  const ends = Array.from({ length: 6 }, () => Promise.withResolvers<number>());
  let running = 0;
  let most = 0;
  const runs = ends.map(({ promise }, index) =>
    turns.run(async () => {
      begun.push(index);
      running += 1;
      most = Math.max(most, running);
      const result = await promise;
      running -= 1;
      return result;
    }),
  );
  assert.equal(runs[5], undefined);
  for (const [index, { resolve }] of ends.entries()) resolve(index);
  assert.deepEqual(await Promise.all(runs.filter((run) => run !== undefined)), [0, 1, 2, 3, 4]);
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  assert.equal(most, 2);
});

test('a failure gives its turn to the next', async () => {
  const turns = new BoundedTurns({ atOnce: 1, waiting: 1 });
  const failing = turns.run(() => Promise.reject(new Error('on purpose')));
  const next = turns.run(async () => 'next');
  await assert.rejects(failing ?? Promise.resolve(), /on purpose/);
  assert.equal(await next, 'next');
  assert.equal(await turns.run(async () => 'another'), 'another');
});
