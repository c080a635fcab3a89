import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';

test('the system clock shows epoch milliseconds', () => {
  const before = Date.now();
  const now = systemClock.nowMs();
  assert.ok(now >= before && now <= Date.now());
});

test('an aborted sleep rejects with the reason of the signal and leaves no timer behind', async () => {
  const countTimers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const timersBefore = countTimers();
  const stopping = new AbortController();
  const sleep = systemClock.sleep(60_000, stopping.signal);
  assert.equal(countTimers(), timersBefore + 1);
  stopping.abort(new Error('stop'));
  await assert.rejects(sleep, /^Error: stop$/);
  assert.equal(countTimers(), timersBefore);
});

test('a sleep with an aborted signal rejects at once', async () => {
  await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort(new Error('stop'))), /^Error: stop$/);
});

test('a sleep of no or negative length resolves', async () => {
  await systemClock.sleep(0);
  await systemClock.sleep(-5);
});

test('a sleep longer than the longest timer of Node does not end at once', async () => {
  const stopping = new AbortController();
  const sleep = systemClock.sleep(2 ** 40, stopping.signal).then(() => 'woke');
  await systemClock.sleep(2);
  stopping.abort(new Error('still asleep'));
  await assert.rejects(sleep, /still asleep/);
});
