import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atPace } from './paced.ts';

test('pieces begin in order although earlier ones are not done, and all are waited for', async () => {
  const begun: number[] = [];
  let done = 0;
  const last = Promise.withResolvers<void>();
  await atPace({
    perSecond: 1_000,
    seconds: 0.005,
    begin: async (index) => {
      begun.push(index);
      if (index === 4) last.resolve();
      await last.promise;
      done += 1;
    },
  });
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  assert.equal(done, 5);
});

test('one piece that does not work fails the whole', async () => {
  const fault = new Error('answered 503');
  const begin = (index: number): Promise<void> => (index === 0 ? Promise.reject(fault) : Promise.resolve());
  await assert.rejects(atPace({ perSecond: 1_000, seconds: 0.003, begin }), fault);
});
