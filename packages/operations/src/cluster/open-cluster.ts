/** The cluster on real brokers. */
import {
  connectionFromConfig,
  createKafkaAdmin,
  createPartitionReader,
  createRecordProducer,
  createTopicInspector,
  describeCluster,
  findHoldingTransactions,
  kafkaTlsOf,
  openTransactionalProducer,
  readBrokerFeatures,
} from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import type { Cluster } from './cluster.ts';
import { reachBrokers } from './reach-brokers.ts';

/** The Kafka section of a configuration (`configSections.kafka`). */
export type ClusterConfig = Parameters<typeof connectionFromConfig>[0] & { readonly kafkaTopicPrefix: string };

export interface OpenClusterOptions {
  readonly config: ClusterConfig;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Names this process in the brokers' logs: `<KAFKA_CLIENT_ID>.<clientName>`. */
  readonly clientName: string;
  /** Of each topic that does not exist yet. Default: as many as are declared without a choice. */
  readonly partitions?: number;
}

export interface OpenedCluster extends Cluster {
  close(): Promise<void>;
}

const DELIVERY_TIMEOUT_MS = 60_000;
const FEATURES_TIMEOUT_MS = 3_000;

/** Connects; rejects with `kafka.unavailable`, within seconds, when no broker can be reached. */
export async function openCluster(options: OpenClusterOptions): Promise<OpenedCluster> {
  const { config, logger, signal, clientName, partitions } = options;
  const tls = kafkaTlsOf(config);
  await reachBrokers({ brokers: config.kafkaBrokers, tls }, signal);
  const connection = connectionFromConfig(config, clientName, logger);
  const admin = await createKafkaAdmin(connection);
  const reader = createPartitionReader({ connection });
  const inspector = createTopicInspector(connection);
  return {
    prefix: config.kafkaTopicPrefix,
    topics: topicsFor(config.kafkaTopicPrefix, partitions),
    admin,
    reader,
    inspector,
    describe: (topics) => describeCluster(connection, topics),
    readBrokerFeatures: (broker) => readBrokerFeatures(broker, { tls, timeoutMs: FEATURES_TIMEOUT_MS }),
    findHoldingTransactions: (held) => findHoldingTransactions(connection, held),
    openTransactionalProducer: (transactionalId) => openTransactionalProducer({ connection, transactionalId }),
    openProducer: (names) =>
      createRecordProducer({ connection, logger, topics: names, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS }),
    close: async () => {
      await reader.close();
      await inspector.close();
      await admin.close();
    },
  };
}
