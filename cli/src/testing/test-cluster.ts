/** Topics of a test's own on the broker that the runner provides, and the configuration that leads to them. */
import type { TestContext } from 'node:test';
import {
  createKafkaAdmin,
  createKafkaConnection,
  createRecordProducer,
  type KafkaAdmin,
  type KafkaConnection,
} from '@astrolabe/kafka';
import { topicsFor, type RecordProducer, type Topics } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { uniqueName } from '@astrolabe/testkit';

export interface TestCluster {
  /** As an operator's shell has it. */
  readonly env: Readonly<Record<string, string>>;
  readonly prefix: string;
  readonly topics: Topics;
  readonly connection: KafkaConnection;
  readonly admin: KafkaAdmin;
  readonly producer: RecordProducer;
}

/** Creates all topics of the pipeline; they are gone after the test. Throws where the runner has set no broker. */
export async function startTestCluster(t: TestContext, name: string): Promise<TestCluster> {
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: schemaRegistryUrl } = process.env;
  if (!brokers) throw new Error('KAFKA_BROKERS is not set; run these tests by "npm run test:integration"');
  const prefix = `${uniqueName(name)}.`;
  const topics = topicsFor(prefix);
  const logger = createLogger({ name: 'cli-test', level: 'silent' });
  const connection = createKafkaConnection({ brokers: brokers.split(','), clientId: 'cli-test', logger });
  const admin = await createKafkaAdmin(connection);
  t.after(async () => {
    await admin.deleteTopics(Object.values(topics).map((topic) => topic.name));
    await admin.close();
  });
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  const producer = await createRecordProducer({ connection, logger, maxRecordBytes: 1_100_000 });
  t.after(() => producer.close());
  return {
    env: {
      KAFKA_BROKERS: brokers,
      KAFKA_TOPIC_PREFIX: prefix,
      KAFKA_REPLICATION_FACTOR: '1',
      ...(schemaRegistryUrl === undefined ? {} : { SCHEMA_REGISTRY_URL: schemaRegistryUrl }),
    },
    prefix,
    topics,
    connection,
    admin,
    producer,
  };
}
