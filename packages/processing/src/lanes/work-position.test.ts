/** What a partition shows of itself: where its own offset stands, and apart from it the connectors that lag. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumedRecord } from '@astrolabe/records/testing';
import { createIdleLanes } from '../testing/idle-lanes.ts';
import type { PartitionPage } from './catch-up-reader.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Written a second after the one before it. */
const recordAt = (offset: number, connector: string) =>
  consumedRecord({ offset: BigInt(offset), key: Buffer.from(connector), timestampMs: offset * 1_000 });

test('a partition stands at its first unfinished record, and at the end of what it has read once all are finished', () => {
  const { processor, tasks } = createIdleLanes();
  processor.enqueue([recordAt(10, 'a'), recordAt(11, 'a')], 13n);
  assert.deepEqual(processor.workPosition(), { finishedTo: 10n, readTo: 13n, oldestAtMs: 10_000 });
  tasks[0]?.finish();
  assert.deepEqual(processor.workPosition(), { finishedTo: 11n, readTo: 13n, oldestAtMs: 11_000 });
  tasks[1]?.finish();
  assert.deepEqual(processor.workPosition(), { finishedTo: 13n, readTo: 13n, oldestAtMs: undefined });
});

test('a connector that lags does not count as lag of its partition, and its age is that of the record at its cursor', () => {
  const { processor, tasks } = createIdleLanes();
  processor.enqueue(
    [0, 1, 2, 3].map((offset) => recordAt(offset, 'slow')),
    4n,
  );
  assert.deepEqual(processor.workPosition(), { finishedTo: 4n, readTo: 4n, oldestAtMs: undefined });
  assert.deepEqual(processor.cursors(), new Map([['slow', { offset: 0n, writtenAtMs: 0 }]]));
  tasks[0]?.finish();
  assert.deepEqual(processor.cursors().get('slow')?.offset, 1n);
});

test("a restart does not make a lagging connector's records younger", async () => {
  const page = Promise.withResolvers<PartitionPage>();
  const { processor } = createIdleLanes({
    restore: async () => ({ nextOffset: 9n, metadata: 'slow=2' }),
    readPage: () => page.promise,
  });
  assert.equal(processor.workPosition(), undefined, 'nothing is known yet');
  await turn();
  processor.enqueue([], 9n);
  assert.deepEqual(processor.workPosition(), { finishedTo: 9n, readTo: 9n, oldestAtMs: undefined });
  const { writtenAtMs: unread } = processor.cursors().get('slow') ?? assert.fail('no cursor');
  assert.equal(unread, undefined);
  page.resolve({ records: [recordAt(5, 'slow'), recordAt(6, 'slow')], nextOffset: 9n });
  await turn();
  assert.equal(processor.cursors().get('slow')?.writtenAtMs, 5_000);
  await processor.stop();
});

test('before its ledger is open a partition stands at the first record that it was given', async () => {
  const { processor } = createIdleLanes({ restore: () => new Promise(() => undefined) });
  processor.enqueue([recordAt(7, 'a')], 8n);
  assert.deepEqual(processor.workPosition(), { finishedTo: 7n, readTo: 8n, oldestAtMs: 7_000 });
  await processor.stop();
});

test('without a commit a partition stands at the beginning of its topic', async () => {
  const { processor } = createIdleLanes({ restore: async () => ({ nextOffset: undefined, metadata: '' }) });
  await turn();
  assert.deepEqual(processor.workPosition(), { finishedTo: undefined, readTo: undefined, oldestAtMs: undefined });
  await processor.stop();
});
