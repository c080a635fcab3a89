/**
 * Connections and topics on the broker that the runner provides (`KAFKA_BROKERS`), each test's own and gone after it.
 */
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { ConsumedRecord, TopicDefinition } from '@astrolabe/records';
import { eventually } from '@astrolabe/testkit';
import { createKafkaAdmin } from '../admin/admin.ts';
import { clientOf, createKafkaConnection, type KafkaConnection } from '../connection.ts';
import { createPartitionReader } from '../reader/kafkajs-partition-reader.ts';
import { readTopic } from '../reader/read-topic.ts';
import { silentLogger } from './silent-logger.ts';

/** Throws where the runner has set no broker: these tests never pass without one. */
export function brokersUnderTest(): string[] {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers) throw new Error('KAFKA_BROKERS is not set; run these tests by "npm run test:integration"');
  return brokers.split(',');
}

/** A connection of its own: kafkajs shares what it knows of a group's offsets among the consumers of one client. */
export function connect(brokers = brokersUnderTest()): KafkaConnection {
  return createKafkaConnection({ brokers, clientId: 'test', logger: silentLogger });
}

export interface TestTopicOptions {
  readonly partitions?: number;
  readonly retentionMs?: number;
  readonly maxMessageBytes?: number;
}

export function topicDefinition(name: string, options: TestTopicOptions = {}): TopicDefinition {
  return {
    name,
    partitions: options.partitions ?? 1,
    cleanupPolicy: 'delete',
    retentionMs: options.retentionMs ?? 3_600_000,
    maxMessageBytes: options.maxMessageBytes,
    key: '',
    value: '',
  };
}

/** Creates a topic and returns its name. Deleted when the test ends. */
export async function createTopic(t: TestContext, options: TestTopicOptions = {}): Promise<string> {
  const name = `test-${randomUUID()}`;
  const admin = await createKafkaAdmin(connect());
  t.after(async () => {
    await admin.deleteTopics([name]);
    await admin.close();
  });
  await admin.applyTopics(await admin.planTopics([topicDefinition(name, options)], 1));
  return name;
}

/** All records of a topic, in order within each partition. */
export async function readAll(topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection: connect(), topic }, (record) => records.push(record));
  return records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
}

/** Moves the low watermark of partition 0, as retention does. */
export async function deleteRecordsBelow(topic: string, offset: bigint): Promise<void> {
  const admin = clientOf(connect()).admin();
  await admin.connect();
  try {
    // Without this kafkajs does not know who leads the partition.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: offset.toString() }] });
  } finally {
    await admin.disconnect();
  }
}

/** A transaction with records on partition 0, as it is before the brokers have written its marker. */
export async function openTransaction(
  t: TestContext,
  topic: string,
  values: readonly string[],
): Promise<{ commit(): Promise<void> }> {
  const producer = clientOf(connect()).producer({
    transactionalId: randomUUID(),
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  t.after(() => producer.disconnect());
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
  return { commit: () => transaction.commit() };
}

/**
 * Resolves once the outcome of each transaction is on the topic: brokers answer a commit or an abort before they have
 * written its marker, and who reads to the end until then misses what was committed.
 */
export async function untilDecided(topic: string): Promise<void> {
  const admin = await createKafkaAdmin(connect());
  const reader = createPartitionReader({ connection: connect() });
  try {
    const partitions = await admin.watermarks(topic);
    await eventually(
      async () => {
        const offsets = await Promise.all(partitions.map(({ partition }) => reader.offsets(topic, partition)));
        return offsets.every(({ lastStableOffset, highWatermark }) => lastStableOffset === highWatermark);
      },
      { timeoutMs: 30_000, describe: `the markers of the transactions on ${topic}`, intervalMs: 10 },
    );
  } finally {
    await reader.close();
    await admin.close();
  }
}

/** Writes each value in a transaction of its own, committed or aborted. Resolves when the last marker is written. */
export async function writeTransactions(
  topic: string,
  transactions: readonly { readonly values: readonly string[]; readonly aborted?: boolean }[],
): Promise<void> {
  const producer = clientOf(connect()).producer({
    transactionalId: randomUUID(),
    maxInFlightRequests: 1,
    idempotent: true,
    // The markers of the transaction before may still be on their way.
    retry: { initialRetryTime: 5, maxRetryTime: 200, retries: 100 },
  });
  await producer.connect();
  try {
    for (const { values, aborted = false } of transactions) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ value })) });
      await (aborted ? transaction.abort() : transaction.commit());
    }
    await untilDecided(topic);
  } finally {
    await producer.disconnect();
  }
}
