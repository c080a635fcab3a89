import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { OutgoingRecord } from '@astrolabe/records';
import { CONTRACT_MAX_RECORD_BYTES, CONTRACT_PARTITIONS, testRecordProducer } from '@astrolabe/records/testing';
import { createKafkaAdmin } from '../admin/admin.ts';
import { clientOf } from '../connection.ts';
import { createRecordProducer, type RecordProducerOptions } from './kafkajs-producer.ts';
import { connect, createTopic, readAll, topicDefinition } from '../testing/broker.ts';
import { silentLogger } from '../testing/silent-logger.ts';

const require = createRequire(import.meta.url);

function createProducer(options: Partial<RecordProducerOptions> = {}) {
  return createRecordProducer({ connection: connect(), logger: silentLogger, ...options });
}

testRecordProducer(async () => {
  const admin = await createKafkaAdmin(connect());
  const topic = `test-${randomUUID()}`;
  await admin.applyTopics(await admin.planTopics([topicDefinition(topic, { partitions: CONTRACT_PARTITIONS })], 1));
  const producer = await createProducer({ maxRecordBytes: CONTRACT_MAX_RECORD_BYTES });
  return {
    producer,
    topic,
    readStored: () => readAll(topic),
    release: async () => {
      await producer.close();
      await admin.deleteTopics([topic]);
      await admin.close();
    },
  };
});

function record(value: string, fields: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { key: null, value: Buffer.from(value), headers: {}, ...fields };
}

const valuesOf = async (topic: string): Promise<string[]> => (await readAll(topic)).map(({ value }) => `${value}`);

test('what is acknowledged is stored, also after a request of which the broker refused a part', async (t) => {
  const good = await createTopic(t);
  const narrow = await createTopic(t, { maxMessageBytes: 1_000 });
  const producer = await createProducer();
  // kafkajs gives the records after a refused request the numbers of records that were stored, and the broker takes
  // them for repetitions: acknowledged, and gone.
  await producer.send(good, [record('before')]);
  const [stored, refused] = await Promise.allSettled([
    producer.send(good, [record('beside')]),
    producer.send(narrow, [record('x'.repeat(5_000))]),
  ]);
  assert.equal(stored.status, 'fulfilled');
  assert.ok(refused.status === 'rejected');
  assert.deepEqual(
    [(refused.reason as { code: string }).code, (refused.reason as { retryable: boolean }).retryable],
    ['kafka.record-too-large', false],
  );
  await producer.send(good, [record('after')]);
  await producer.close();
  const values = await valuesOf(good);
  // "beside" was in the refused request too, and may be there twice.
  assert.deepEqual([...new Set(values)], ['before', 'beside', 'after']);
  assert.equal(values.at(-1), 'after');
});

test('the original loses an acknowledged record there, which is why a failed connection is never used again', async (t) => {
  const good = await createTopic(t);
  const narrow = await createTopic(t, { maxMessageBytes: 1_000 });
  const producer = clientOf(connect()).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const messagesOf = (value: string) => [{ value }];
  await producer.send({ topic: good, messages: messagesOf('before') });
  const topicMessages = [
    { topic: good, messages: messagesOf('beside') },
    { topic: narrow, messages: messagesOf('x'.repeat(5_000)) },
  ];
  await assert.rejects(producer.sendBatch({ topicMessages }));
  await producer.send({ topic: good, messages: messagesOf('acknowledged') });
  await producer.disconnect();
  assert.deepEqual(await valuesOf(good), ['before', 'beside']);
});

test('a send larger than one request is cut by bytes, stored whole and in order', async (t) => {
  const topic = await createTopic(t);
  const producer = await createProducer({ maxRequestBytes: 50_000 });
  const records = Array.from({ length: 300 }, (_, index) => record(`${index} ${'x'.repeat(1_000)}`));
  const positions = await producer.send(topic, records);
  await producer.close();
  assert.deepEqual(
    positions.map(({ offset }) => offset),
    records.map((_, index) => BigInt(index)),
  );
  assert.deepEqual(
    (await valuesOf(topic)).map((value) => Number(value.split(' ')[0])),
    records.map((_, index) => index),
  );
});

test('5 MB in one send pass the limit of the broker, which is 1 MB for a request to a partition', async (t) => {
  const topic = await createTopic(t);
  const producer = await createProducer();
  const records = Array.from({ length: 50 }, () => record('x'.repeat(100_000)));
  assert.equal((await producer.send(topic, records)).length, 50);
  await producer.close();
});

test('1,000 sends from as many callers take a fraction of the requests that they would take alone', async (t) => {
  const topic = await createTopic(t, { partitions: 3 });
  const producer = await createProducer();
  const { prototype } = require('kafkajs/src/broker') as { prototype: { produce(request: object): Promise<object> } };
  const requests = t.mock.method(prototype, 'produce').mock;
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => producer.send(topic, [record(`${index}`)])));
  await producer.close();
  assert.equal((await readAll(topic)).length, 1_000);
  assert.ok(requests.callCount() > 0 && requests.callCount() <= 100, `${requests.callCount()} requests`);
});

test('records without a key are spread over the partitions, each where its position says', async (t) => {
  const topic = await createTopic(t, { partitions: 3 });
  const producer = await createProducer();
  const positions = await producer.send(
    topic,
    Array.from({ length: 30 }, (_, index) => record(`${index}`)),
  );
  await producer.close();
  assert.equal(new Set(positions.map(({ partition }) => partition)).size, 3);
  const stored = await readAll(topic);
  positions.forEach(({ partition, offset }, index) => {
    const found = stored.find((each) => each.partition === partition && each.offset === offset);
    assert.equal(`${found?.value}`, `${index}`);
  });
});

test('a topic that is not there rejects the send in time, and the producer goes on', async (t) => {
  const topic = await createTopic(t);
  const producer = await createProducer({ deliveryTimeoutMs: 1_000 });
  await assert.rejects(producer.send(`missing-${randomUUID()}`, [record('a')]), { retryable: true });
  await producer.send(topic, [record('b')]);
  await producer.close();
  assert.deepEqual(await valuesOf(topic), ['b']);
});

test('a producer that reaches no broker says so at once', async () => {
  const connection = connect(['127.0.0.1:1']);
  await assert.rejects(createRecordProducer({ connection, logger: silentLogger }), {
    code: 'kafka.unavailable',
    retryable: true,
  });
});
