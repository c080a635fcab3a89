/** Brokers and topics. */
import {
  connectionFromConfig,
  createKafkaAdmin,
  createTopicInspector,
  describeCluster,
  type KafkaConnection,
} from '@astrolabe/kafka';
import { topicsFor, type TopicDefinition, type TopicPlan, type Topics } from '@astrolabe/records';
import { createLogger, readConfig, type Environment } from '@astrolabe/service-kit';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import type { CommandContext } from '../command-context.ts';
import { topicsConfig, type ClusterAndRegistryConfig } from '../config.ts';
import { reachBrokers } from '../reach-brokers.ts';
import { readBrokerFeatures } from './broker-features.ts';
import { ledgerConfig } from './examine-ledger.ts';
import { problem, type Finding } from './finding.ts';
import { judgeBrokers, judgeRecordTimes, judgeTopicIds, MAX_SKEW_MS } from './judge-cluster.ts';
import { judgeTopics } from './judge-topics.ts';
import { judgeVersions, type BrokerRelease } from './judge-versions.ts';

const FEATURES_TIMEOUT_MS = 3_000;
const HOUR_MS = 3_600_000;

export async function examineCluster(
  config: ClusterAndRegistryConfig,
  env: Environment,
  nowMs: number,
  context: Pick<CommandContext, 'note' | 'signal'>,
): Promise<{ readonly findings: readonly Finding[]; readonly isReached: boolean }> {
  const logger = createLogger({ name: 'astrolabe', level: config.logLevel });
  try {
    await reachBrokers(context, config);
    const { partitions, replicationFactor } = readConfig(topicsConfig, env);
    const declared = topicsFor(config.kafkaTopicPrefix, partitions);
    const topics = Object.values(declared);
    const connection = connectionFromConfig(config, 'cli', logger);
    const cluster = await describeCluster(
      connection,
      topics.map(({ name }) => name),
    );
    const plan = await planFor(connection, topics, replicationFactor);
    const replicas = cluster.topics.flatMap(({ partitions }) => partitions.map((each) => each.replicas));
    const { ledgerWindowHours } = readConfig(ledgerConfig, env);
    const findings = [
      ...judgeBrokers(cluster),
      ...judgeVersions(await readReleases(config, cluster.brokers), Math.min(cluster.brokers.length, ...replicas)),
      ...judgeTopics({ declared, cluster, plan, ledgerWindowMs: ledgerWindowHours * HOUR_MS }),
      ...judgeTopicIds(await readTopicIds(connection, declared)),
      ...(await examineRecordTimes(connection, declared, new Set(cluster.topics.map(({ name }) => name)), nowMs)),
    ];
    return { findings, isReached: cluster.topics.length === topics.length };
  } catch (error) {
    return { findings: [judgeBrokerFault(error)], isReached: false };
  }
}

function judgeBrokerFault(error: unknown): Finding {
  const fact = errorMessage(error);
  if (isPipelineError(error, 'kafka.unauthorized')) {
    const meaning = 'the cluster cannot be looked at by this user; what the services may do is not known';
    return problem('brokers', fact, meaning, 'grant the right that is named, or use a user that has it');
  }
  const meaning = 'ingest answers 503 and the other services wait; nothing is lost';
  return problem('brokers', fact, meaning, 'check KAFKA_BROKERS, KAFKA_SSL, KAFKA_SASL_* and the network');
}

async function readTopicIds(connection: KafkaConnection, { segmentEvents, commands }: Topics) {
  const inspector = createTopicInspector(connection);
  try {
    const found = await inspector.describe([segmentEvents.name, commands.name]);
    return found.filter(({ errorCode }) => errorCode === 0).map(({ topicId }) => topicId);
  } finally {
    await inspector.close();
  }
}

async function planFor(
  connection: KafkaConnection,
  topics: readonly TopicDefinition[],
  replicationFactor: number,
): Promise<TopicPlan> {
  const admin = await createKafkaAdmin(connection);
  try {
    return await admin.planTopics(topics, replicationFactor);
  } finally {
    await admin.close();
  }
}

function readReleases(
  { kafkaSsl: ssl }: ClusterAndRegistryConfig,
  brokers: readonly { readonly host: string; readonly port: number }[],
): Promise<BrokerRelease[]> {
  return Promise.all(
    brokers.map(async ({ host, port }): Promise<BrokerRelease> => {
      const features = await readBrokerFeatures({ host, port }, { ssl, timeoutMs: FEATURES_TIMEOUT_MS }).catch(
        () => undefined,
      );
      return { broker: `${host}:${port}`, metadataLevel: features?.get('metadata.version') };
    }),
  );
}

/** Kafka tells no time of its own. Records have that of the machine that wrote them: ingest, mapper and dispatcher. */
async function examineRecordTimes(
  connection: KafkaConnection,
  { segmentEvents, commands, deliveries }: Topics,
  present: ReadonlySet<string>,
  nowMs: number,
): Promise<Finding[]> {
  const admin = await createKafkaAdmin(connection);
  try {
    const ahead: string[] = [];
    for (const { name } of [segmentEvents, commands, deliveries]) {
      if (!present.has(name)) continue;
      const from = await admin.offsetsAt(name, nowMs + MAX_SKEW_MS);
      const isAhead = (await admin.watermarks(name)).some(
        ({ partition, highWatermark }) => (from.get(partition) ?? highWatermark) < highWatermark,
      );
      if (isAhead) ahead.push(name);
    }
    return judgeRecordTimes(ahead);
  } finally {
    await admin.close();
  }
}
