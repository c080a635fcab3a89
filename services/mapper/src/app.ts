/**
 * Composition of the mapper: reads `segment.events.v1`, writes `astrolabe.commands.v1` and what it remembers of users;
 * what is replayed, beside it, to `astrolabe.replayed-commands.v1`.
 */
import {
  assertTopicsUsable,
  connectionFromConfig,
  createPartitionReader,
  schemaRegistryFromConfig,
  watchTopics,
  type KafkaConnection,
  type TopicNeed,
} from '@astrolabe/kafka';
import {
  StateMemory,
  createStateProcessor,
  groupStateOf,
  noGroup,
  openChangelogStore,
  startGroupConsumer,
  watchOffsets,
  type GroupConsumer,
} from '@astrolabe/processing';
import { rightsFor, topicNeedsOf, topicsFor, type ChangelogStore, type Topics } from '@astrolabe/records';
import { commandSchemasIn, createCommandEncoder } from '@astrolabe/records/serde';
import {
  openConnectorSource,
  readProcessMemory,
  startServiceAdmin,
  type ConnectorSource,
  type Logger,
  type ServiceStack,
} from '@astrolabe/service-kit';
import { present } from '@astrolabe/service-kit/errors';
import { systemClock } from '@astrolabe/service-kit/clock';
import { openTracing } from '@astrolabe/tracing';
import { freeEmailList } from './adapters/free-email-list.ts';
import { createBatchTraces, type BatchTraces } from './adapters/trace-batches.ts';
import type { MapperConfig } from './config.ts';
import { MAPPING_RULES_VERSION } from './core/mapping.ts';
import { stateBoundOf, stateTooLarge } from './core/state-bound.ts';
import { userStateCodec } from './core/user-state.ts';
import { createMapBatch, type MapBatchOptions } from './map-batch.ts';
import { createMapReplayed } from './map-replayed.ts';
import {
  countBatch,
  countReplayedBatches,
  countUnanswered,
  createMapperMetrics,
  observeRestored,
  type MapperMetrics,
} from './mapper-metrics.ts';
import { openReplays } from './open-replays.ts';
import { createRulesByConnector } from './rules-by-connector.ts';

const MAX_COMMAND_BYTES = 1_000_000;
const MAX_BATCH_BYTES = 4_194_304;

/** What every part of the mapper is given. */
interface Surroundings {
  readonly config: MapperConfig;
  readonly logger: Logger;
  readonly stack: ServiceStack;
}

interface KafkaClients {
  readonly connection: KafkaConnection;
  readonly topics: Topics;
  readonly groupId: string;
  /** Partitions of the event topic, as it was last seen; 0 before the first look. */
  readonly eventPartitions: () => number;
  /** Of the commands' schemas, in the registry. */
  readonly schemaIds: Parameters<typeof createCommandEncoder>[0];
  readonly changelog: ChangelogStore;
}

/** What is shown of the work. */
interface Shown {
  readonly metrics: MapperMetrics;
  readonly memory: StateMemory;
  /** By partition, once there are lanes. */
  readonly replays: { offsetsLeft: () => ReadonlyMap<number, number> };
  readonly traces: BatchTraces;
}

export async function startMapper(config: MapperConfig, logger: Logger, stack: ServiceStack): Promise<void> {
  const surroundings = { config, logger, stack };
  const admin = await startServiceAdmin('mapper', config, logger, stack);
  const tracing = await openTracing(config, { service: 'mapper', metrics: admin.metrics, logger, stack });
  const group = { current: noGroup };
  const replays = { offsetsLeft: (): ReadonlyMap<number, number> => new Map() };
  const memory = openStateMemory();
  const metrics = createMapperMetrics(admin.metrics, {
    group: () => group.current,
    replayOffsetsLeft: () => replays.offsetsLeft(),
    memory,
  });
  const connectors = await openConnectorSource({
    path: config.connectorsFile,
    // It makes no calls to the API and authenticates no senders.
    keys: 'unread',
    env: {},
    logger,
    metrics: admin.metrics,
  });
  stack.defer('connectors file', () => connectors.close());
  const kafka = await openKafkaClients(surroundings);
  const { connection, topics, groupId, eventPartitions } = kafka;
  const deadLetterTopic = topics.segmentEventsDeadLetters.name;
  const traces = createBatchTraces(tracing, { groupId, deadLetterTopic });
  const consumer = await startConsumer(surroundings, kafka, connectors, { metrics, memory, replays, traces });
  const reader = createPartitionReader({ connection });
  stack.defer('partition reader', () => reader.close());
  const watch = watchOffsets({
    connection,
    reader,
    topic: topics.segmentEvents.name,
    workPositions: () => consumer.workPositions(),
    logger,
  });
  stack.defer('watch of offsets', () => watch.close());
  group.current = groupStateOf(consumer, watch, eventPartitions);
  logger.info(
    {
      adminUrl: admin.url,
      groupId,
      partitions: consumer.assignment(),
      guarantee: config.guarantee,
      maxStateBytes: memory.maxBytes,
      mappingRules: MAPPING_RULES_VERSION,
      freeEmailProviders: freeEmailList.version,
    },
    'listening',
  );
}

function openStateMemory(): StateMemory {
  const process = readProcessMemory();
  const bound = stateBoundOf(process);
  return new StateMemory({ ...bound, fault: (usedBytes) => stateTooLarge(usedBytes, bound, process) });
}

/** Waits until the brokers, the topics and the registry are there. The stack closes all of it. */
async function openKafkaClients({ config, logger, stack }: Surroundings): Promise<KafkaClients> {
  const topics = topicsFor(config.kafkaTopicPrefix);
  const groupId = config.kafkaTopicPrefix + config.groupId;
  const connection = connectionFromConfig(config, 'mapper', logger);
  const registry = commandSchemasIn(schemaRegistryFromConfig(config));
  const brokers = `Kafka at ${config.kafkaBrokers.join(',')}`;
  const needs: readonly TopicNeed[] = topicNeedsOf(rightsFor({ prefix: config.kafkaTopicPrefix }).mapper);
  const found = await stack.waitFor(`${brokers} and its topics`, () => assertTopicsUsable(connection, needs));
  const topicWatch = watchTopics({ connection, needs, logger });
  stack.defer('topic watch', () => topicWatch.close());
  stack.addReadinessCheck(() => topicWatch.trouble());
  const schemaIds = await stack.waitFor(`the schema registry at ${config.schemaRegistryUrl}`, () =>
    registry.commandIds(topics.commands.name),
  );
  const { name: events } = topics.segmentEvents;
  const { partitions: partitionsAtStart } = present(
    found.find(({ name }) => name === events),
    'the topic of events',
  );
  const changelog = await stack.waitFor(brokers, (signal) =>
    openChangelogStore({
      connection,
      groupId,
      changelogTopic: topics.mapperState.name,
      guarantee: config.guarantee,
      instance: config.kafkaGroupInstanceId,
      logger,
      maxRecordBytes: topics.segmentEventsDeadLetters.maxMessageBytes ?? MAX_COMMAND_BYTES,
      firstTakeovers: { inputTopic: events, partitions: partitionsAtStart, signal },
    }),
  );
  stack.defer('changelog', () => changelog.close());
  const eventPartitions = (): number => topicWatch.partitions(events) ?? partitionsAtStart;
  return { connection, topics, groupId, eventPartitions, schemaIds, changelog };
}

async function startConsumer(
  { config, logger, stack }: Surroundings,
  { connection, topics, groupId, schemaIds, changelog }: KafkaClients,
  connectors: ConnectorSource,
  { metrics, memory, replays, traces }: Shown,
): Promise<GroupConsumer> {
  const mapping: Omit<MapBatchOptions, 'topics'> = {
    encoder: createCommandEncoder(schemaIds),
    groupId,
    nowMs: systemClock.nowMs,
    rulesOf: createRulesByConnector(connectors, freeEmailList.domains),
    maxRecordBytes: MAX_COMMAND_BYTES,
    maxUsers: config.maxUsersPerConnector,
  };
  const troubles = new Map<number, string>();
  stack.addReadinessCheck(() => troubles.values().next().value);
  const isKnown = (connectorId: string): boolean => connectors.current().byId(connectorId) !== undefined;
  const lanes = openReplays({
    connection,
    topics,
    transform: traces.begun(createMapReplayed({ ...mapping, topics })),
    onStored: (parts) => {
      for (const batch of parts.flatMap(({ results }) => results)) traces.stored(batch);
      countReplayedBatches(parts, metrics, isKnown);
    },
    logger,
    stack,
  });
  replays.offsetsLeft = () => lanes.offsetsLeft();
  const transform = traces.begun(createMapBatch({ ...mapping, topics }));
  const consumer = await stack.waitFor(`consumer group ${groupId}`, () =>
    startGroupConsumer({
      connection,
      groupId,
      topic: topics.segmentEvents.name,
      logger,
      sessionTimeoutMs: config.kafkaSessionTimeoutMs,
      heartbeatIntervalMs: config.kafkaHeartbeatIntervalMs,
      instanceId: config.kafkaGroupInstanceId,
      onFault: (fault) => stack.fail(fault),
      createProcessor: (session) =>
        createStateProcessor({
          session,
          changelog,
          codec: userStateCodec,
          memory,
          transform,
          replays: lanes,
          onStored: (batch) => {
            traces.stored(batch);
            countBatch(batch, metrics, isKnown);
          },
          onUnanswered: (batch) => {
            traces.unanswered(batch);
            countUnanswered(batch, metrics);
          },
          onTrouble: (fault) => {
            // A transient problem, such as an election, must not take an instance out of service.
            if (fault?.code === 'kafka.unauthorized') troubles.set(session.partition, fault.message);
            else troubles.delete(session.partition);
          },
          onRestored: (restored) => observeRestored(restored, metrics, isKnown),
          logger,
          maxBatchRecords: config.maxBatchRecords,
          maxBatchBytes: MAX_BATCH_BYTES,
          maxBufferedRecords: config.maxBufferedRecords,
          maxBufferedBytes: config.maxBufferedBytes,
        }),
    }),
  );
  stack.defer('consumer', () => consumer.close(config.shutdownTimeoutMs / 2));
  stack.addReadinessCheck(() => consumer.trouble());
  return consumer;
}
