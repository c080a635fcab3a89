import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveEvents } from './live-events.ts';

test('the wait of an event is from when it was due until it came first, of those that are asked for', async () => {
  const events = new LiveEvents(2);
  for (const dueAtMs of [0, 10, 20, 30]) events.due(dueAtMs);
  events.arrived(0, 500);
  events.arrived(1, 15);
  events.arrived(2, 60);
  events.arrived(3, 37);
  events.arrived(3, 900);
  await events.allArrived();
  assert.deepEqual(events.freshness(1, 4), { events: 3, p50Ms: 7, p99Ms: 40, maxMs: 40 });
  assert.deepEqual([events.repeated, events.outOfOrder, events.missing], [1, 0, 0]);
});

test('the wait of an event that has not arrived is not told as if it had', () => {
  const events = new LiveEvents(2);
  events.due(0);
  assert.throws(() => events.freshness(0, 1), /event 0 has not arrived/);
});

test('an event that comes after a later one of its user is told, and so is one that nobody sent', () => {
  const events = new LiveEvents(2);
  for (const dueAtMs of [0, 1, 2]) events.due(dueAtMs);
  events.arrived(2, 5);
  events.arrived(1, 6);
  events.arrived(0, 7);
  assert.equal(events.outOfOrder, 1);
  assert.throws(() => events.arrived(9, 8), /event 9, which nobody sent/);
});
