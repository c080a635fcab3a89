/**
 * Records that others compressed. A topic with a `compression.type` of its own makes the broker compress what it is
 * sent with the libraries of Java's producers; and a broker inflates what it is sent, so it is the judge of what we
 * compress.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { createKafkaAdmin, createPartitionReader } from '@astrolabe/kafka';
import { clientOf } from '@astrolabe/kafka/internal';
import {
  CompressionTypes,
  abandonCluster,
  connect,
  createCluster,
  fetchPartition,
  silentLogger,
  splitRecordSet,
  topicDefinition,
  untilDecided,
} from '@astrolabe/kafka/testing';
import { startGroupConsumer } from './group-consumer.ts';
import { createPromisedProcessor } from '../testing/promised-handler.ts';

const codecs = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
const values = Array.from({ length: 3_000 }, (_, index) => `value ${index} `.repeat(1 + (index % 40)));

async function createTopic(t: TestContext, compressionType: string): Promise<string> {
  const topic = `test-${randomUUID()}`;
  const admin = await createKafkaAdmin(connect());
  t.after(async () => {
    await admin.deleteTopics([topic]);
    await admin.close();
  });
  const plan = await admin.planTopics([topicDefinition(topic)], 1);
  const create = plan.create.map((each) => ({
    ...each,
    config: { ...each.config, 'compression.type': compressionType },
  }));
  await admin.applyTopics({ ...plan, create });
  return topic;
}

async function produce(topic: string, compression: number): Promise<void> {
  const producer = clientOf(connect()).producer();
  await producer.connect();
  for (let at = 0; at < values.length; at += 1_000) {
    const messages = values.slice(at, at + 1_000).map((value, index) => ({ key: `k${index % 7}`, value }));
    await producer.send({ topic, compression, messages });
  }
  await producer.disconnect();
}

/** Codecs of the batches as the broker keeps them. */
async function storedCodecs(topic: string): Promise<number[]> {
  const cluster = createCluster(clientOf(connect()));
  const limits = { maxBytes: 8 * 1_048_576, maxWaitMs: 1_000 };
  const answer = await fetchPartition(cluster, { topic, partition: 0 }, { offset: 0n, isolation: 'all', ...limits });
  abandonCluster(cluster);
  assert.ok(answer.kind === 'fetched');
  return splitRecordSet(answer.partition.records).map(({ body }) => body.readInt16BE(0) & 0x7);
}

async function readByOffset(topic: string): Promise<string[]> {
  const reader = createPartitionReader({ connection: connect() });
  const read: string[] = [];
  await reader.read({
    topic,
    partition: 0,
    onRecords: (records) => void read.push(...records.map(({ value }) => String(value))),
  });
  await reader.close();
  return read;
}

async function readByGroup(topic: string): Promise<string[]> {
  const read: string[] = [];
  const { promise: all, resolve, reject } = Promise.withResolvers<void>();
  const consumer = await startGroupConsumer({
    connection: connect(),
    groupId: randomUUID(),
    topic,
    logger: silentLogger,
    onFault: reject,
    createProcessor: (session) =>
      createPromisedProcessor({
        session,
        laneOf: () => '',
        handle: async ({ value }) => {
          read.push(String(value));
          if (read.length === values.length) resolve();
        },
        maxRecords: 10_000,
        maxBytes: 100_000_000,
      }),
  });
  await all;
  await consumer.close(1_000);
  return read;
}

for (const [name, codec] of Object.entries(codecs)) {
  test(`records that Java's libraries compressed with ${name} are read, by the group consumer and by the partition reader`, async (t) => {
    const topic = await createTopic(t, name);
    await produce(topic, CompressionTypes.None);
    const stored = await storedCodecs(topic);
    assert.ok(stored.length > 0);
    assert.deepEqual(new Set(stored), new Set([codec]));
    assert.deepEqual(await readByOffset(topic), values);
    assert.deepEqual(await readByGroup(topic), values);
  });

  test(`records that we compress with ${name} are stored as they are, and Java's libraries inflate them`, async (t) => {
    const kept = await createTopic(t, 'producer');
    await produce(kept, codec);
    assert.deepEqual(new Set(await storedCodecs(kept)), new Set([codec]));
    assert.deepEqual(await readByOffset(kept), values);
    assert.deepEqual(await readByGroup(kept), values);
    const inflated = await createTopic(t, 'uncompressed');
    await produce(inflated, codec);
    assert.deepEqual(new Set(await storedCodecs(inflated)), new Set([CompressionTypes.None]));
    assert.deepEqual(await readByOffset(inflated), values);
  });
}

test('compressed transactions are read without their aborted records', async (t) => {
  const topic = await createTopic(t, 'lz4');
  const producer = clientOf(connect()).producer({
    transactionalId: randomUUID(),
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  for (const [index, value] of values.slice(0, 10).entries()) {
    const transaction = await producer.transaction();
    await transaction.send({
      topic,
      compression: CompressionTypes.ZSTD,
      messages: [{ value }, { value: `${value} again` }],
    });
    await (index % 2 === 0 ? transaction.commit() : transaction.abort());
  }
  await untilDecided(topic);
  await producer.disconnect();
  const expected = values.slice(0, 10).flatMap((value, index) => (index % 2 === 0 ? [value, `${value} again`] : []));
  assert.deepEqual(await readByOffset(topic), expected);
  const admin = await createKafkaAdmin(connect());
  assert.equal((await admin.watermarks(topic))[0]?.highWatermark, 30n);
  await admin.close();
});
