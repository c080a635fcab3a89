import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKafkaAdmin } from './admin.ts';
import { createKafkaConnection } from './connection.ts';
import { createRecordProducer } from './kafkajs-producer.ts';
import { readTopic } from './read-topic.ts';
import { brokersUnderTest, connect, createTopic, readAll, writeTransactions } from './testing/broker.ts';
import { silentLogger } from './testing/silent-logger.ts';

test('every record is read once, in order within its partition, and the reading ends by itself', async (t) => {
  const topic = await createTopic(t, { partitions: 3 });
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  t.after(() => producer.close());
  const positions = await producer.send(
    topic,
    Array.from({ length: 3_000 }, (_, index) => ({
      key: Buffer.from(`key-${index % 50}`),
      value: Buffer.from(String(index)),
      headers: {},
    })),
  );
  const expected = positions
    .map(({ partition, offset }, index) => ({ partition, offset, value: String(index) }))
    .sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  assert.deepEqual(
    (await readAll(topic)).map(({ partition, offset, value }) => ({ partition, offset, value: String(value) })),
    expected,
  );
});

test('a topic that is empty, or ends in transaction markers and aborted records, is read to its end', async (t) => {
  assert.deepEqual(await readAll(await createTopic(t)), []);

  const topic = await createTopic(t);
  await writeTransactions(topic, [
    { values: ['a', 'b'] },
    { values: ['lost'], aborted: true },
    { values: ['c'] },
    { values: ['lost', 'lost'], aborted: true },
  ]);
  assert.deepEqual(
    (await readAll(topic)).map(({ value }) => String(value)),
    ['a', 'b', 'c'],
  );
});

test('only what lies between the asked offsets and the end at the start is read', async (t) => {
  const topic = await createTopic(t);
  const connection = connect();
  const producer = await createRecordProducer({ connection, logger: silentLogger });
  t.after(() => producer.close());
  const send = (text: string) =>
    producer.send(topic, [{ key: null, value: Buffer.from(text), headers: {}, partition: 0 }]);
  for (const text of ['0', '1', '2', '3']) await send(text);
  const seen: string[] = [];
  const count = await readTopic({ connection, topic, fromOffsets: new Map([[0, 2n]]) }, ({ value }) => {
    seen.push(String(value));
    // Written while the reading is under way: beyond the end as it was at the start.
    void send('late');
  });
  assert.deepEqual(seen, ['2', '3']);
  assert.equal(count, 2);
});

test('a reading that is aborted rejects with the reason', async (t) => {
  const topic = await createTopic(t);
  await writeTransactions(topic, [{ values: ['a'] }]);
  const reason = new Error('enough');
  await assert.rejects(
    readTopic({ connection: connect(), topic, signal: AbortSignal.abort(reason) }, () => undefined),
    reason,
  );
});

test('a reading leaves no consumer group behind', async (t) => {
  const topic = await createTopic(t);
  await writeTransactions(topic, [{ values: ['a'] }]);
  const connection = createKafkaConnection({ brokers: brokersUnderTest(), clientId: topic, logger: silentLogger });
  await readTopic({ connection, topic }, () => undefined);
  const admin = await createKafkaAdmin(connection);
  t.after(() => admin.close());
  assert.deepEqual(
    (await admin.groupIds()).filter((groupId) => groupId.startsWith(`${connection.clientId}.read.`)),
    [],
  );
});
