import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './eventually.ts';
import { uniqueName } from './unique-name.ts';

const patient = { timeoutMs: 5_000, intervalMs: 1, describe: 'the thing' };
/** For checks that never succeed. */
const quick = { timeoutMs: 30, intervalMs: 1, describe: 'the thing' };

test('resolves with the first value that is there, zero and empty text included', async () => {
  const answers = [undefined, null, false, 0];
  assert.equal(await eventually(() => answers.shift(), patient), 0);
  assert.equal(await eventually(() => '', patient), '');
});

test('a check that throws is tried again', async () => {
  let calls = 0;
  const value = await eventually(() => {
    calls += 1;
    assert.equal(calls, 3);
    return calls;
  }, patient);
  assert.equal(value, 3);
});

test('at the deadline the message holds what was waited for and the last seen value', async () => {
  await assert.rejects(
    eventually(() => null, quick),
    /^Error: waited \d+ ms for the thing; last of \d+ checks? saw null$/,
  );
});

test('at the deadline the message holds the last error, and the cause is that error', async () => {
  const fault = new Error('connection refused');
  await assert.rejects(
    eventually(() => Promise.reject(fault), quick),
    (error: Error) => /last of \d+ checks? failed: connection refused$/.test(error.message) && error.cause === fault,
  );
});

test('a check that never answers is given up at the deadline and told so by its signal', async () => {
  let seen: AbortSignal | undefined;
  await assert.rejects(
    eventually((signal) => {
      seen = signal;
      return new Promise<never>(() => undefined);
    }, quick),
    /the first check never answered/,
  );
  assert.equal(seen?.aborted, true);
});

test('unique names differ and keep their prefix', () => {
  const names = new Set(Array.from({ length: 100 }, () => uniqueName('orders')));
  assert.equal(names.size, 100);
  for (const name of names) assert.match(name, /^orders-[0-9a-f]{10}$/);
});
