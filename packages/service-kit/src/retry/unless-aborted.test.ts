import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { unlessAborted } from './unless-aborted.ts';

test('a promise that settles first keeps its outcome and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const fault = new Error('refused');
  assert.equal(await unlessAborted(Promise.resolve(7), signal), 7);
  await assert.rejects(unlessAborted(Promise.reject(fault), signal), fault);
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});

test('a signal that aborts first, or has aborted before, ends the wait with its reason, and a late rejection harms nobody', async () => {
  const reason = new Error('partition lost');
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const waiting = unlessAborted(promise, controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(unlessAborted(promise, controller.signal), reason);
  reject(new Error('late'));
  await new Promise((resolve) => setImmediate(resolve));
});
