import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection, createPartitionReader, createRecordProducer } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { createKafkaChangelog } from '../changelog/kafka-changelog.ts';
import type { LedgerChangelog } from '../changelog/ledger-changelog.ts';
import { silentLogger } from './open-ledger.ts';

/** On a topic of the test's own, on the broker that the runner provides. */
export async function openChangelogOnBroker(t: TestContext): Promise<LedgerChangelog> {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers) throw new Error('KAFKA_BROKERS is not set; run these tests by "npm run test:integration"');
  const connection = createKafkaConnection({ brokers: brokers.split(','), clientId: 'test', logger: silentLogger });
  const topic = topicsFor(`test-${randomUUID()}-`).deliveries;
  const admin = await createKafkaAdmin(connection);
  await admin.applyTopics(await admin.planTopics([topic], 1));
  const producer = await createRecordProducer({ connection, logger: silentLogger });
  const reader = createPartitionReader({ connection });
  t.after(async () => {
    await reader.close();
    await producer.close();
    await admin.deleteTopics([topic.name]);
    await admin.close();
  });
  return createKafkaChangelog({ topic: topic.name, producer, reader, admin });
}
