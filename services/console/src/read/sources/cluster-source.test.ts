import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { createClusterSource, type ClosableCluster } from './cluster-source.ts';

test('one attempt to connect serves all who ask, and a failure is told at once until its pause is over', async () => {
  const clock = createManualClock();
  const cluster = { close: async () => undefined } as ClosableCluster;
  let attempts = 0;
  let answer: () => Promise<ClosableCluster> = () => Promise.reject(new Error('no broker answers'));
  const source = createClusterSource({
    clock,
    open: () => {
      attempts += 1;
      return answer();
    },
  });
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => source.get()));
  assert.ok(asked.every(({ status }) => status === 'rejected'));
  await assert.rejects(source.get(), /no broker answers/);
  assert.equal(attempts, 1);
  answer = () => Promise.resolve(cluster);
  await clock.advance(200);
  assert.equal(await source.get(), cluster);
  assert.equal(await source.get(), cluster);
  assert.equal(attempts, 2);
  await source.close();
  await assert.rejects(source.get(), /the console stops/);
});
