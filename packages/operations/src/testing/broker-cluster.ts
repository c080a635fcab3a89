/** Topics of a test's own on the broker that the runner provides, as the operations see them. */
import type { TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection } from '@astrolabe/kafka';
import { configSections, createLogger, defineConfig, readConfig, type Environment } from '@astrolabe/service-kit';
import { uniqueName } from '@astrolabe/testkit';
import { openCluster, type OpenedCluster } from '../cluster/open-cluster.ts';

const kafkaConfig = defineConfig(configSections.kafka);
const logger = createLogger({ name: 'operations-test', level: 'silent' });

export interface BrokerCluster {
  readonly cluster: OpenedCluster;
  /** With which another process opens the same cluster. */
  readonly env: Environment;
}

/** Creates all topics of the pipeline; they are gone after the test. Throws where the runner has set no broker. */
export async function openBrokerCluster(t: TestContext, name: string): Promise<BrokerCluster> {
  const { KAFKA_BROKERS: brokers } = process.env;
  if (!brokers) throw new Error('KAFKA_BROKERS is not set; run these tests by "npm run test:integration"');
  const env = { KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: `${uniqueName(name)}.` };
  const cluster = await openClusterOf(env, new AbortController().signal);
  const topics = Object.values(cluster.topics);
  await cluster.admin.applyTopics(await cluster.admin.planTopics(topics, 1));
  t.after(async () => {
    // A test may have deleted some.
    const present = (await cluster.describe(topics.map(({ name: topic }) => topic))).topics.map((topic) => topic.name);
    await cluster.close();
    const connection = createKafkaConnection({ brokers: brokers.split(','), clientId: 'operations-test', logger });
    const admin = await createKafkaAdmin(connection);
    await admin.deleteTopics(present).finally(() => admin.close());
  });
  return { cluster, env };
}

export function openClusterOf(env: Environment, signal: AbortSignal): Promise<OpenedCluster> {
  return openCluster({ config: readConfig(kafkaConfig, env), logger, signal, clientName: 'operations-test' });
}
