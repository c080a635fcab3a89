import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { chunkBound } from '@astrolabe/replay';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { ReplayTurns, type TurnTaker } from './replay-turns.ts';

function taker(calls: string[], name: string): TurnTaker {
  return { granted: () => void calls.push(name), refused: () => void calls.push(`${name} refused`) };
}

test('one step is made in a turn of the event loop, by whichever partition has asked first', async () => {
  const calls: string[] = [];
  const turns = new ReplayTurns({ clock: createManualClock() });
  for (const name of ['a', 'b', 'c']) turns.request(taker(calls, name));
  assert.deepEqual(calls, []);
  await turn();
  assert.deepEqual(calls, ['a']);
  await turn();
  await turn();
  assert.deepEqual(calls, ['a', 'b', 'c']);
});

test('no partition gets a step while the chunk of the process is full; what there is of it is to be written', async () => {
  const calls: string[] = [];
  const turns = new ReplayTurns({ clock: createManualClock(), boundAfter: () => ({ records: 4, bytes: 100 }) });
  assert.equal(turns.room(), 4);
  turns.took(3, 20);
  assert.equal(turns.room(), 1);
  turns.took(0, 80);
  assert.equal(turns.room(), 0, 'bytes count too');
  turns.request(taker(calls, 'a'));
  await turn();
  assert.deepEqual(calls, ['a refused']);
  turns.gaveBack(3, 100);
  await turn();
  assert.deepEqual(calls, ['a refused', 'a']);
});

test('as soon as live records come a chunk is small, and it grows when they stay away', async () => {
  const clock = createManualClock();
  const turns = new ReplayTurns({ clock });
  const large = turns.room();
  turns.liveCame();
  assert.equal(turns.room(), chunkBound(0).records);
  assert.ok(turns.room() < large);
  await clock.advance(60_000);
  assert.equal(turns.room(), large);
});
