import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mock, test } from 'node:test';
import '../index.ts';
import { pauseBeforeFetchMs } from './patch-fetch-pace.ts';

interface Runner {
  fetch(nodeId: number): Promise<unknown>;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/runner') as { prototype: Runner };

test('after a small response the next fetch gathers what comes within 5 ms of it', () => {
  assert.equal(pauseBeforeFetchMs({ atMs: 100, records: 1 }, 100), 5);
  assert.equal(pauseBeforeFetchMs({ atMs: 100, records: 63 }, 103), 2);
  assert.equal(pauseBeforeFetchMs({ atMs: 100, records: 1 }, 105), 0);
});

test('nothing waits at the start, after a rest and after a large response', () => {
  assert.equal(pauseBeforeFetchMs(undefined, 100), 0);
  assert.equal(pauseBeforeFetchMs({ atMs: 100, records: 0 }, 100), 0);
  assert.equal(pauseBeforeFetchMs({ atMs: 100, records: 64 }, 100), 0);
  assert.equal(pauseBeforeFetchMs({ atMs: 100, records: 1 }, 900), 0);
});

test('a consumer asks a broker again only when its pause is over, and another broker at once', async (t) => {
  // The timer is the real one, so that a pause that is not awaited is seen; only the clock stands still.
  mock.method(performance, 'now', () => 100);
  t.after(() => mock.restoreAll());
  const asked: number[] = [];
  const answer = Promise.resolve([{ rawMessages: [{}] }]);
  const consumerGroup = { fetch: (nodeId: number) => (asked.push(nodeId), answer) };
  const runner = { running: true, consumerGroup, instrumentationEmitter: { emit: () => undefined } };
  const fetch = (nodeId: number) => prototype.fetch.call(runner as unknown as Runner, nodeId);

  await fetch(1);
  const again = fetch(1);
  await fetch(2);
  assert.deepEqual(asked, [1, 2]);
  await again;
  assert.deepEqual(asked, [1, 2, 1]);
});
