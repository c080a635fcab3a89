import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryLog } from './in-memory-log.ts';
import {
  CONTRACT_MAX_RECORD_BYTES,
  CONTRACT_PARTITIONS,
  testRecordProducer,
} from '../testing/record-producer-contract.ts';

testRecordProducer(async () => {
  const log = createInMemoryLog({ partitions: CONTRACT_PARTITIONS, maxRecordBytes: CONTRACT_MAX_RECORD_BYTES });
  return { producer: log, topic: 't', readStored: async () => log.records('t'), release: async () => undefined };
});

const record = (value: string) => ({ key: null, value: Buffer.from(value), headers: {} });

test('a failing log stores nothing, and stores again after the fault is cleared', async () => {
  const log = createInMemoryLog();
  const fault = new PipelineError('kafka.unavailable', 'down', { retryable: true });
  log.failWith(fault);
  await assert.rejects(log.send('t', [record('a')]), fault);
  log.failWith(undefined);
  await log.send('t', [record('b')]);
  assert.deepEqual(
    log.records('t').map(({ value }) => `${value}`),
    ['b'],
  );
});

test('a held log settles its sends on release, in their order, and closes after them', async () => {
  const log = createInMemoryLog({ nowMs: () => 7 });
  const { release } = log.hold();
  const sends = ['a', 'b'].map((value) => log.send('t', [record(value)]));
  const closed = log.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log.records('t'), []);
  release();
  await Promise.all([...sends, closed]);
  assert.deepEqual(
    log.records('t').map(({ value, offset, timestampMs }) => [`${value}`, offset, timestampMs]),
    [
      ['a', 0n, 7],
      ['b', 1n, 7],
    ],
  );
});
