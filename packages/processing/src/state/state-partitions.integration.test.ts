import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createKafkaAdmin, createRecordProducer } from '@astrolabe/kafka';
import { connect, createTopic, silentLogger, topicDefinition } from '@astrolabe/kafka/testing';
import { createLogger } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { startCountingMember } from '../testing/counting-member.ts';

test('a partition that was added to the input waits, uncommitted, until the changelog topic has one for it; the others go on', async (t) => {
  await using cleanup = new AsyncDisposableStack();
  const [input, output, changelogTopic] = [
    await createTopic(t, { partitions: 2 }),
    await createTopic(t),
    await createTopic(t),
  ];
  const groupId = `group-${randomUUID()}`;
  const admin = await createKafkaAdmin(connect());
  cleanup.defer(() => admin.close());
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  cleanup.defer(() => producer.close());
  await producer.send(
    input,
    [0, 1].map((partition) => ({ key: Buffer.from('k'), value: Buffer.from('v'), headers: {}, partition })),
  );
  const warned = Promise.withResolvers<string>();
  const logger = createLogger({ name: 'test', level: 'warn', destination: { write: (line) => warned.resolve(line) } });
  const member = await startCountingMember({
    connect,
    groupId,
    input,
    output,
    changelogTopic,
    processor: ({ partition }) => (partition === 1 ? { logger } : {}),
  });
  cleanup.defer(() => member.leave(2_000));
  const committed = async (partition: number) => (await admin.commits(groupId, input)).get(partition)?.nextOffset;
  assert.match(await warned.promise, /storing a batch failed/);
  await eventually(async () => (await committed(0)) === 1n, {
    timeoutMs: 20_000,
    describe: 'the other partition',
  });
  assert.equal(await committed(1), undefined);

  await admin.applyTopics(await admin.planTopics([topicDefinition(changelogTopic, { partitions: 2 })], 1));
  await eventually(async () => (await committed(1)) === 1n, { timeoutMs: 20_000, describe: 'the partition' });
});
