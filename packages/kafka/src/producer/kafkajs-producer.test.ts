import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionFor, type OutgoingRecord } from '@astrolabe/records';
import { rememberingPartitioner, toMessage } from './kafkajs-producer.ts';

const partitionMetadata = [0, 1, 2, 3].map((partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 1,
  replicas: [],
  isr: [],
}));

function record(fields: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { key: null, value: Buffer.alloc(0), headers: {}, ...fields };
}

test('a record without a key stays on its partition when kafkajs asks again at a retry, though others were placed since', () => {
  const choose = rememberingPartitioner();
  const { signal } = new AbortController();
  const messages = Array.from({ length: 9 }, () => toMessage(record(), signal));
  const placeAll = () => messages.map((message) => choose({ topic: 't', partitionMetadata, message }));
  const first = placeAll();
  assert.equal(new Set(first).size, 4, 'they are spread');
  assert.deepEqual(placeAll(), first);
});

test('a record with a key stays on its partition when partitions are added before the retry', () => {
  const choose = rememberingPartitioner();
  const message = toMessage(record({ key: Buffer.from('user') }), new AbortController().signal);
  const [three, four] = [partitionMetadata.slice(0, 3), partitionMetadata];
  const first = choose({ topic: 't', partitionMetadata: three, message });
  assert.equal(first, partitionFor(Buffer.from('user'), 3));
  assert.equal(choose({ topic: 't', partitionMetadata: four, message }), first);
});

test('a partition that is asked for by name overrides the key', () => {
  const message = toMessage(record({ key: Buffer.from('user'), partition: 3 }), new AbortController().signal);
  assert.equal(rememberingPartitioner()({ topic: 't', partitionMetadata, message }), 3);
});

test('a partition that is not there is refused; kafkajs would leave the record out and report success', () => {
  const message = toMessage(record({ partition: 4 }), new AbortController().signal);
  assert.throws(() => rememberingPartitioner()({ topic: 't', partitionMetadata, message }), {
    code: 'kafka.topic-missing',
    retryable: true,
    message: 't has no partition 4; add partitions with "astrolabe topics apply"',
  });
});

test('a retry of a cancelled request ends before anything is sent', () => {
  const controller = new AbortController();
  const message = toMessage(record(), controller.signal);
  const choose = rememberingPartitioner();
  choose({ topic: 't', partitionMetadata, message });
  controller.abort();
  assert.throws(() => choose({ topic: 't', partitionMetadata, message }), /the request was cancelled/);
});
