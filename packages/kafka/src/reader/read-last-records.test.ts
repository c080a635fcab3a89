import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInMemoryLog, createInMemoryPartitionReader } from '@astrolabe/records/in-memory';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { readLastRecords } from './read-last-records.ts';

/** Two partitions with a record each; the second one does not answer. */
async function withSilentPartition() {
  const log = createInMemoryLog({ partitions: 2 });
  for (const partition of [0, 1]) await log.send('t', [{ key: null, value: Buffer.from('a'), headers: {}, partition }]);
  const reader = createInMemoryPartitionReader(log, { partitions: 2 });
  const silence = Promise.withResolvers<never>();
  return {
    silence,
    reader: {
      read: reader.read,
      offsets: (topic: string, partition: number) =>
        partition === 1 ? silence.promise : reader.offsets(topic, partition),
    },
  };
}

test('a partition that cannot be read does not keep a process from the others', async (t) => {
  const { reader } = await withSilentPartition();
  const giveUp = new AbortController();
  const read: number[] = [];
  const onRecords = (records: readonly { readonly partition: number }[]): void => {
    read.push(...records.map(({ partition }) => partition));
    giveUp.abort();
  };
  await readLastRecords(reader, { topic: 't', partitions: 2, signal: t.signal, onRecords, giveUp: giveUp.signal });
  assert.deepEqual(read, [0]);
});

test('a right that is missing is told, and a process that is stopped waits for nothing', async (t) => {
  const { reader, silence } = await withSilentPartition();
  const stopping = new AbortController();
  const stopped = readLastRecords(reader, { topic: 't', partitions: 2, signal: stopping.signal });
  stopping.abort(new Error('stopped'));
  await assert.rejects(stopped, /stopped/);
  const denied = readLastRecords(reader, { topic: 't', partitions: 2, signal: t.signal });
  silence.reject(new PipelineError('kafka.unauthorized', 'no right', { retryable: true }));
  await assert.rejects(denied, { code: 'kafka.unauthorized' });
});
