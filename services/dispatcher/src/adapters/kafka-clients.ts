import {
  assertTopicsUsable,
  connectionFromConfig,
  createKafkaAdmin,
  createPartitionReader,
  createRecordProducer,
  watchTopics,
  type KafkaAdmin,
  type KafkaConnection,
  type TopicNeed,
} from '@astrolabe/kafka';
import {
  rightsFor,
  topicNeedsOf,
  topicsFor,
  type PartitionReader,
  type RecordProducer,
  type Topics,
} from '@astrolabe/records';
import type { Logger, ServiceStack } from '@astrolabe/service-kit';
import { present } from '@astrolabe/service-kit/errors';
import type { DispatcherConfig } from '../config.ts';

/** Of a page for connectors that lag, which take a window's worth of it. */
const PAGE_FETCH_BYTES = 524_288;
const CLOSE_TIMEOUT_MS = 1_000;

/** What the dispatcher uses of Kafka besides its consumer. */
export interface KafkaClients {
  readonly connection: KafkaConnection;
  readonly topics: Topics;
  /** Partitions of the command topic, as it was last seen. */
  readonly commandPartitions: () => number;
  readonly producer: RecordProducer;
  readonly admin: KafkaAdmin;
  readonly reader: PartitionReader;
  /** For connectors that lag. */
  readonly pageReader: PartitionReader;
}

/** Waits until the brokers and the topics are there. The stack closes all of it. */
export async function openKafkaClients(
  config: DispatcherConfig,
  logger: Logger,
  stack: ServiceStack,
): Promise<KafkaClients> {
  const topics = topicsFor(config.kafkaTopicPrefix);
  const connection = connectionFromConfig(config, 'dispatcher', logger);
  const brokers = `Kafka at ${config.kafkaBrokers.join(',')}`;
  const needs: readonly TopicNeed[] = topicNeedsOf(rightsFor({ prefix: config.kafkaTopicPrefix }).dispatcher);
  const found = await stack.waitFor(`${brokers} and its topics`, () => assertTopicsUsable(connection, needs));
  const topicWatch = watchTopics({ connection, needs, logger });
  stack.defer('topic watch', () => topicWatch.close());
  stack.addReadinessCheck(() => topicWatch.trouble());
  const { maxMessageBytes } = topics.commandsDeadLetters;
  const maxRecordBytes = maxMessageBytes === undefined ? {} : { maxRecordBytes: maxMessageBytes };
  const producer = await stack.waitFor(brokers, () => createRecordProducer({ connection, logger, ...maxRecordBytes }));
  // The partitions are given up before it: nobody waits any more for what it sends, and the brokers may be away.
  stack.defer('producer', () => producer.close({ timeoutMs: CLOSE_TIMEOUT_MS }));
  const admin = await stack.waitFor(brokers, () => createKafkaAdmin(connection));
  stack.defer('admin client', () => admin.close());
  const { name: commands } = topics.commands;
  const atStart = present(
    found.find(({ name }) => name === commands),
    'the topic of commands',
  );
  const reader = createPartitionReader({ connection });
  stack.defer('partition reader', () => reader.close());
  const pageReader = createPartitionReader({ connection, maxFetchBytes: PAGE_FETCH_BYTES, isPaged: true });
  stack.defer('page reader', () => pageReader.close());
  const commandPartitions = (): number => topicWatch.partitions(commands) ?? atStart.partitions;
  return { connection, topics, commandPartitions, producer, admin, reader, pageReader };
}
