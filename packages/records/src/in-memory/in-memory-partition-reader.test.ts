import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryLog } from './in-memory-log.ts';
import { createInMemoryPartitionReader } from './in-memory-partition-reader.ts';
import { CONTRACT_PARTITIONS, testPartitionReader } from '../testing/partition-reader-contract.ts';
import { consumedRecord } from '../testing/records.ts';

testPartitionReader(async () => {
  const log = createInMemoryLog({ partitions: CONTRACT_PARTITIONS });
  const reader = createInMemoryPartitionReader(log, { partitions: CONTRACT_PARTITIONS });
  return {
    reader,
    topic: 't',
    produce: async (partition, records) => {
      await log.send(
        't',
        records.map((record) => ({ ...record, partition })),
      );
    },
    release: () => reader.close(),
  };
});

test('a source tells its own offsets: gaps are passed, and what is not stable yet is waited for', async () => {
  const records = [2n, 3n, 7n, 9n].map((offset) => consumedRecord({ offset }));
  let lastStableOffset = 8n;
  const reader = createInMemoryPartitionReader({
    records: () => records,
    offsets: () => ({ lowWatermark: 1n, lastStableOffset, highWatermark: 11n }),
  });
  const seen: bigint[] = [];
  const onRecords = (read: readonly { readonly offset: bigint }[]): void => {
    seen.push(...read.map(({ offset }) => offset));
    setImmediate(() => {
      lastStableOffset = 11n;
    });
  };
  assert.equal(await reader.read({ topic: 't', partition: 0, onRecords }), 8n);
  assert.deepEqual(seen, [2n, 3n, 7n]);
  assert.equal(await reader.read({ topic: 't', partition: 0, fromOffset: 4n, endOffset: 11n, onRecords }), 11n);
  assert.deepEqual(seen, [2n, 3n, 7n, 7n, 9n]);
});

test('a failing reader rejects, and reads again after the fault is cleared', async () => {
  const log = createInMemoryLog();
  await log.send('t', [{ key: null, value: null, headers: {}, partition: 0 }]);
  const reader = createInMemoryPartitionReader(log);
  const fault = new PipelineError('kafka.unavailable', 'down', { retryable: true });
  const range = { topic: 't', partition: 0, onRecords: () => undefined };
  reader.failWith(fault);
  await assert.rejects(reader.read(range), fault);
  await assert.rejects(reader.offsets('t', 0), fault);
  reader.failWith(undefined);
  assert.equal(await reader.read(range), 1n);
});
