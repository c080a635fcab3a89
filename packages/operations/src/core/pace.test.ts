import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { createPace } from './pace.ts';

const { signal } = new AbortController();

test('no more is taken than the rate allows, and a pause gives no credit', async () => {
  const clock = createManualClock(0);
  const pace = createPace(100, clock);
  await pace.take(10, signal);
  const second = pace.take(10, signal);
  assert.deepEqual(clock.remainingSleepsMs(), [100]);
  await clock.advance(100);
  await second;
  await clock.advance(5_000);
  await pace.take(10, signal);
  void pace.take(10, signal);
  assert.deepEqual(clock.remainingSleepsMs(), [100], 'five idle seconds give no credit of 500');
});

test('a share is a tenth of a second, at least one and at most what is asked for', () => {
  const clock = createManualClock(0);
  assert.equal(createPace(100, clock).share(1_000), 10);
  assert.equal(createPace(3, clock).share(1_000), 1);
  assert.equal(createPace(1_000_000, clock).share(1_000), 1_000);
  assert.equal(createPace(undefined, clock).share(1_000), 1_000);
});

test('an interruption ends the wait for a turn', async () => {
  const clock = createManualClock(0);
  const pace = createPace(1, clock);
  await pace.take(1, signal);
  const controller = new AbortController();
  const waiting = pace.take(1, controller.signal);
  controller.abort(new Error('stop'));
  await assert.rejects(waiting, /stop/);
});
