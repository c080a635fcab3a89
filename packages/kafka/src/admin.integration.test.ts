import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { isPipelineError } from '@astrolabe/service-kit';
import { createKafkaAdmin, type KafkaAdmin } from './admin.ts';
import { assertTopicsExist } from './assert-topics-exist.ts';
import { createRecordProducer } from './kafkajs-producer.ts';
import { connect, createTopic, topicDefinition } from './testing/broker.ts';
import { silentLogger } from './testing/silent-logger.ts';
import { isEmptyPlan } from './topic-plan.ts';

async function open(t: TestContext): Promise<KafkaAdmin> {
  const admin = await createKafkaAdmin(connect());
  t.after(() => admin.close());
  return admin;
}

test('applying the same topics again changes nothing; more partitions and another retention are applied, fewer never', async (t) => {
  const name = `test-${randomUUID()}`;
  const admin = await createKafkaAdmin(connect());
  t.after(async () => {
    await admin.deleteTopics([name]);
    await admin.close();
  });
  const apply = async (partitions: number, retentionMs: number) => {
    const plan = await admin.planTopics([topicDefinition(name, { partitions, retentionMs })], 1);
    await admin.applyTopics(plan);
    return plan;
  };

  assert.equal((await apply(2, 60_000)).create.length, 1);
  assert.ok(isEmptyPlan(await apply(2, 60_000)), 'the second time nothing differs');

  const grown = await apply(4, 120_000);
  assert.deepEqual(grown.addPartitions, [{ name, from: 2, to: 4 }]);
  assert.deepEqual(grown.configure.map(({ changes }) => changes).flat(), [
    { setting: 'retention.ms', from: '60000', to: '120000' },
  ]);
  assert.equal((await admin.watermarks(name)).length, 4);

  assert.ok(isEmptyPlan(await apply(1, 120_000)), 'a topic with more partitions than declared is left alone');
  assert.equal((await admin.watermarks(name)).length, 4);
});

test('a topic that is created can be written to at once', async (t) => {
  const admin = await open(t);
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  t.after(() => producer.close());
  for (let round = 0; round < 10; round += 1) {
    const topic = await createTopic(t, { partitions: 6 });
    await assertTopicsExist(connect(), [topicDefinition(topic)]);
    const [position] = await producer.send(topic, [
      { key: null, value: Buffer.from('first'), headers: {}, partition: 5 },
    ]);
    assert.deepEqual(position, { topic, partition: 5, offset: 0n });
    assert.equal((await admin.watermarks(topic)).at(5)?.highWatermark, 1n);
  }
});

test('topics that are missing are named, and may be waited for', async () => {
  const missing = [`missing-${randomUUID()}`, `missing-${randomUUID()}`];
  await assert.rejects(
    assertTopicsExist(
      connect(),
      missing.map((name) => topicDefinition(name)),
    ),
    (error) =>
      isPipelineError(error, 'kafka.topic-missing') &&
      error.retryable &&
      missing.every((name) => error.message.includes(name)),
  );
});

test('offsets are found by time, and the end is the answer for a time after the last record', async (t) => {
  const admin = await open(t);
  const topic = await createTopic(t);
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  t.after(() => producer.close());
  const send = () => producer.send(topic, [{ key: null, value: Buffer.from('x'), headers: {}, partition: 0 }]);
  await send();
  await send();
  assert.deepEqual(await admin.offsetsAt(topic, 0), new Map([[0, 0n]]));
  assert.deepEqual(await admin.offsetsAt(topic, Date.now() + 60_000), new Map([[0, 2n]]));
});

test('offsets of a group without members can be set and read back', async (t) => {
  const admin = await open(t);
  const topic = await createTopic(t, { partitions: 2 });
  const groupId = `test-${randomUUID()}`;
  assert.deepEqual(await admin.committedOffsets(groupId, topic), new Map());
  await admin.setOffsets(groupId, topic, new Map([[0, 7n]]));
  assert.deepEqual(await admin.committedOffsets(groupId, topic), new Map([[0, 7n]]));
  await admin.deleteGroups([groupId]);
  assert.deepEqual(await admin.committedOffsets(groupId, topic), new Map());
});
