/** Topics on the tests' broker that only one console uses. */
import { createKafkaAdmin, createKafkaConnection, type KafkaConnection } from '@astrolabe/kafka';
import { topicsFor, type Topics } from '@astrolabe/records';
import { createLogger, type Logger } from '@astrolabe/service-kit';
import { uniqueName } from '@astrolabe/testkit';

export interface OwnTopics {
  readonly topics: Topics;
  readonly connection: KafkaConnection;
  /** Silent. */
  readonly logger: Logger;
  /** For a console, by `openRealConsole`. */
  readonly variables: Readonly<Record<string, string>>;
}

export async function openOwnTopics(ending: AsyncDisposableStack, name: string): Promise<OwnTopics> {
  const { KAFKA_BROKERS = '', SCHEMA_REGISTRY_URL = '' } = process.env;
  const topicPrefix = `${uniqueName(name)}.`;
  const topics = topicsFor(topicPrefix);
  const logger = createLogger({ name, level: 'silent' });
  const connection = createKafkaConnection({ brokers: KAFKA_BROKERS.split(','), clientId: name, logger });
  const admin = await createKafkaAdmin(connection);
  ending.defer(() => admin.close());
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  return {
    topics,
    connection,
    logger,
    variables: {
      KAFKA_BROKERS,
      KAFKA_TOPIC_PREFIX: topicPrefix,
      KAFKA_REPLICATION_FACTOR: '1',
      SCHEMA_REGISTRY_URL,
    },
  };
}
