import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { isEmptyPlan, topicsFor, type TopicDefinition } from '@astrolabe/records';
import { createKafkaAdmin } from './admin.ts';
import { assertTopicsUsable } from './assert-topics-usable.ts';
import { clientOf } from '../connection.ts';
import { ConfigResourceTypes } from '../kafkajs/index.ts';
import { createRecordProducer } from '../producer/kafkajs-producer.ts';
import { connect, createTopic, openTransaction, topicDefinition, writeTransactions } from '../testing/broker.ts';
import { setTopicSettings } from '../testing/set-topic-settings.ts';
import { silentLogger } from '../testing/silent-logger.ts';

async function createAdmin(t: TestContext, topics: readonly TopicDefinition[] = []) {
  const admin = await createKafkaAdmin(connect());
  t.after(async () => {
    if (topics.length > 0) await admin.deleteTopics(topics.map(({ name }) => name));
    await admin.close();
  });
  const apply = async (declared: readonly TopicDefinition[]) => {
    const plan = await admin.planTopics(declared, 1);
    await admin.applyTopics(plan);
    return plan;
  };
  return { admin, apply };
}

/** Settings of a topic as the broker has them. */
async function settingsOf(topic: string): Promise<Record<string, string>> {
  const client = clientOf(connect()).admin();
  await client.connect();
  const { resources } = await client.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  await client.disconnect();
  return Object.fromEntries((resources[0]?.configEntries ?? []).map((entry) => [entry.configName, entry.configValue]));
}

test('the declared topics are created as declared, and applying them again changes nothing', async (t) => {
  const topics = Object.values(topicsFor(`test-${randomUUID()}-`));
  const { admin, apply } = await createAdmin(t, topics);
  const first = await apply(topics);
  assert.deepEqual(first.create.map(({ name }) => name).sort(), topics.map(({ name }) => name).sort());
  const again = await admin.planTopics(topics, 1);
  assert.ok(isEmptyPlan(again));
  assert.deepEqual([...again.unchanged].sort(), topics.map(({ name }) => name).sort());
  for (const { name, retentionMs, maxMessageBytes, partitions } of topics) {
    const settings = await settingsOf(name);
    if (retentionMs !== undefined) assert.equal(settings['retention.ms'], String(retentionMs));
    if (maxMessageBytes !== undefined) assert.equal(settings['max.message.bytes'], String(maxMessageBytes));
    assert.equal((await admin.watermarks(name)).length, partitions);
  }
});

test('partitions are added, retention is changed, and nothing shrinks', async (t) => {
  const name = `test-${randomUUID()}`;
  const { admin, apply } = await createAdmin(t, [topicDefinition(name)]);
  await apply([topicDefinition(name, { partitions: 2, retentionMs: 60_000 })]);
  await apply([topicDefinition(name, { partitions: 4, retentionMs: 120_000 })]);
  assert.equal((await admin.watermarks(name)).length, 4);
  assert.equal((await settingsOf(name))['retention.ms'], '120000');
  const fewer = await apply([topicDefinition(name, { partitions: 1, retentionMs: 60_000 })]);
  assert.ok(isEmptyPlan(fewer));
  assert.equal((await admin.watermarks(name)).length, 4);
  assert.equal((await settingsOf(name))['retention.ms'], '120000');
});

test('a topic whose keys would move gets no more partitions once it holds a record', async (t) => {
  const name = `test-${randomUUID()}`;
  const definition = { ...topicDefinition(name), bindsKeys: true };
  const { admin, apply } = await createAdmin(t, [definition]);
  await apply([definition]);
  assert.deepEqual((await apply([{ ...definition, partitions: 2 }])).addPartitions, [{ name, from: 1, to: 2 }]);
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  await producer.send(name, [{ key: Buffer.from('k'), value: Buffer.from('v'), headers: {} }]);
  await producer.close();
  const plan = await apply([{ ...definition, partitions: 3 }]);
  assert.deepEqual([plan.addPartitions, plan.refused], [[], [{ name, from: 2, to: 3 }]]);
  assert.equal((await admin.watermarks(name)).length, 2);
});

test('what an operator sets on a topic stays, even between a plan and its application', async (t) => {
  const name = `test-${randomUUID()}`;
  const { admin, apply } = await createAdmin(t, [topicDefinition(name)]);
  await apply([topicDefinition(name)]);
  const plan = await admin.planTopics([topicDefinition(name, { retentionMs: 5_000_000 })], 1);
  const changes = [{ setting: 'retention.ms', from: '3600000', to: '5000000' }];
  assert.deepEqual(plan.configure, [{ name, changes }]);
  await setTopicSettings(admin, [name], { 'segment.bytes': '2000000' });
  await admin.applyTopics(plan);
  const settings = await settingsOf(name);
  assert.deepEqual([settings['retention.ms'], settings['segment.bytes']], ['5000000', '2000000']);
});

test('a value that the brokers refuse is an error with the topic and their reason', async (t) => {
  const name = `test-${randomUUID()}`;
  const { admin, apply } = await createAdmin(t, [topicDefinition(name)]);
  await apply([topicDefinition(name)]);
  await assert.rejects(setTopicSettings(admin, [name], { 'retention.ms': 'long' }), {
    code: 'kafka.request-refused',
    retryable: false,
    message: new RegExp(`^applying topics: ${name}: Invalid value long for configuration retention\\.ms`),
  });
});

test('a plan by itself changes nothing', async (t) => {
  const name = `test-${randomUUID()}`;
  const { admin } = await createAdmin(t);
  const plan = await admin.planTopics([topicDefinition(name)], 1);
  assert.equal(plan.create.length, 1);
  await assert.rejects(assertTopicsUsable(connect(), [{ name, operations: ['Read'] }]), {
    code: 'kafka.topic-missing',
  });
});

test('topics that are missing are named, and the error says that they may come', async (t) => {
  const topic = await createTopic(t);
  const missing = `missing-${randomUUID()}`;
  const needs = (name: string) => ({ name, operations: ['Read', 'Write'] }) as const;
  await assert.rejects(assertTopicsUsable(connect(), [needs(topic), needs(missing)]), {
    code: 'kafka.topic-missing',
    retryable: true,
    details: { missing: [missing] },
    message: `topics are missing: ${missing}; create them with "astrolabe topics apply"`,
  });
  await assertTopicsUsable(connect(), [needs(topic)]);
});

test('watermarks and offsets by time are those of the records', async (t) => {
  const topic = await createTopic(t, { partitions: 2 });
  const { admin } = await createAdmin(t);
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  const before = Date.now();
  await producer.send(
    topic,
    ['a', 'b'].map((value) => ({ key: null, value: Buffer.from(value), headers: {}, partition: 1 })),
  );
  await producer.close();
  assert.deepEqual(await admin.watermarks(topic), [
    { partition: 0, lowWatermark: 0n, highWatermark: 0n },
    { partition: 1, lowWatermark: 0n, highWatermark: 2n },
  ]);
  assert.deepEqual(
    await admin.offsetsAt(topic, before),
    new Map([
      [0, 0n],
      [1, 0n],
    ]),
  );
  assert.deepEqual(
    await admin.offsetsAt(topic, Date.now() + 60_000),
    new Map([
      [0, 0n],
      [1, 2n],
    ]),
  );
});

test("a group's offsets are set and read back, and partitions without one are absent", async (t) => {
  const topic = await createTopic(t, { partitions: 3 });
  const { admin } = await createAdmin(t);
  const groupId = randomUUID();
  assert.deepEqual(await admin.commits(groupId, topic), new Map());
  await admin.setOffsets(groupId, topic, new Map([[1, 7n]]));
  const committed = { nextOffset: 7n, topicId: undefined, metadata: '' };
  assert.deepEqual(await admin.commits(groupId, topic), new Map([[1, committed]]));
  await admin.deleteGroups([groupId]);
});

test('a cluster that cannot be reached is unavailable', async () => {
  await assert.rejects(createKafkaAdmin(connect(['127.0.0.1:1'])), { code: 'kafka.unavailable', retryable: true });
});

test('the high watermark is behind the records of an open transaction, also where an offset is asked for by time', async (t) => {
  const topic = await createTopic(t);
  const { admin } = await createAdmin(t);
  await writeTransactions(topic, [{ values: ['a'] }]);
  const { commit } = await openTransaction(t, topic, ['b', 'c']);
  assert.deepEqual(await admin.watermarks(topic), [{ partition: 0, lowWatermark: 0n, highWatermark: 4n }]);
  assert.deepEqual(await admin.offsetsAt(topic, Date.now() + 60_000), new Map([[0, 4n]]));
  await commit();
});
