/**
 * Composition of the dispatcher: reads `astrolabe.commands.v1`, calls the Astrolabe API, keeps
 * `astrolabe.deliveries.v1`.
 */
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import { IndexMemory, createKafkaChangelog, ledgerTooLarge, maxIndexBytes } from '@astrolabe/ledger';
import {
  groupStateOf,
  noGroup,
  startGroupConsumer,
  watchOffsets,
  type GroupConsumer,
  type GroupState,
} from '@astrolabe/processing';
import { createCommandDecoder } from '@astrolabe/records/serde';
import {
  openConnectorSource,
  readProcessMemory,
  startServiceAdmin,
  type ConnectorSource,
  type Logger,
  type ServiceStack,
} from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { tlsMaterialOf } from '@astrolabe/service-kit/tls';
import { isSentAgain, openTracing, traceSends, type Tracing } from '@astrolabe/tracing';
import { openKafkaClients, type KafkaClients } from './adapters/kafka-clients.ts';
import { readLedgerDisk } from './adapters/ledger-disk.ts';
import { startLedgerSweeper } from './adapters/ledger-sweeper.ts';
import { openReplays } from './adapters/open-replays.ts';
import { createPageReader } from './adapters/page-reader.ts';
import { prepareAssignments } from './adapters/prepare-assignments.ts';
import { createPartitionLedgers } from './adapters/partition-ledgers.ts';
import { traceCalls } from './adapters/traced-api-client.ts';
import { createApiClient } from './adapters/undici-api-client.ts';
import { CallScheduler } from './calls/call-scheduler.ts';
import type { DispatcherConfig } from './config.ts';
import { shareOf } from './core/share/partition-share.ts';
import { createDispatcherMetrics, type DispatcherMetrics } from './dispatcher-metrics.ts';
import type { ConnectorState } from './dispatcher-state.ts';
import { createLimiterPolicies } from './limits/limiter-policy.ts';
import { SettledShares } from './limits/settled-shares.ts';
import { AssignedPartitions } from './partition/assigned-partitions.ts';
import type { PartitionDispatcherOptions } from './partition/partition-dispatcher.ts';
import { warnOfProxy } from './proxy-warning.ts';

const MAX_RETRY_AFTER_MS = 15 * 60_000;
const REVIEW_INTERVAL_MS = 250;
const HOUR_MS = 3_600_000;
/**
 * Of a partition at once. How soon a quiet connector's commands are read behind another's flood is the number of
 * fetches times the length of a turn of the event loop; answers wait while a larger fetch is decoded.
 */
const FETCH_BYTES = 524_288;
const LAG_WINDOW_BYTES = 1_048_576;
/** Each has a place beside the committed offset (`connector-offsets.ts`), ids of 63 characters included. */
const MAX_LAGGING_CONNECTORS = 48;

/** What every part of the dispatcher is given. */
interface Surroundings {
  readonly config: DispatcherConfig;
  readonly logger: Logger;
  readonly stack: ServiceStack;
  readonly tracing: Tracing | undefined;
}

export async function startDispatcher(
  config: DispatcherConfig,
  env: Readonly<Record<string, string | undefined>>,
  logger: Logger,
  stack: ServiceStack,
): Promise<void> {
  // Before anything is waited for: who has to set a proxy may well wait for the brokers in vain.
  warnOfProxy(env, logger);
  const serviceAdmin = await startServiceAdmin('dispatcher', config, logger, stack);
  const tracing = await openTracing(config, { service: 'dispatcher', metrics: serviceAdmin.metrics, logger, stack });
  const surroundings = { config, logger, stack, tracing };
  const connectors = await openConnectorSource({
    path: config.connectorsFile,
    env,
    logger,
    metrics: serviceAdmin.metrics,
  });
  stack.defer('connectors file', () => connectors.close());
  const kafka = await openKafkaClients(config, logger, stack);
  const group = { current: noGroup };
  const ledgerMemory = openLedgerMemory();
  const metrics = createDispatcherMetrics(serviceAdmin.metrics, {
    connectors: () => [...scheduler.limiters()].map(toConnectorState),
    partitions: () => partitions.states(),
    shares: () => shares.current,
    group: () => group.current,
    ledgerDisk: () => readLedgerDisk(config.ledgerDirectory),
    ledgerMemory,
  });
  const shares = new SettledShares({
    clock: systemClock,
    callRiseMs: config.apiTimeoutMs,
    onChange: () => scheduler.sharesChanged(),
  });
  const scheduler = openScheduler(surroundings, kafka, connectors, shares, metrics);
  const dispatcherOptions = partitionOptions(surroundings, kafka, scheduler, { metrics, ledgerMemory });
  // Before the consumer has started, nothing is called for.
  const member: { current: GroupConsumer | undefined } = { current: undefined };
  const followAssignment = (): void => {
    if (member.current !== undefined) shares.update(shareOfMember(member.current, config, kafka));
  };
  // Partitions come and go one by one. When all have, and before any call of those that are gone is given up: the room
  // that it leaves must not be used any more.
  const partitions = new AssignedPartitions(dispatcherOptions, () => queueMicrotask(followAssignment));
  await prepareAssignments(kafka, dispatcherOptions.decoder, config, stack);
  const consumer = await startConsumer(surroundings, kafka, partitions);
  member.current = consumer;
  followAssignment();
  const reviews = setInterval(() => {
    followAssignment();
    partitions.review();
  }, REVIEW_INTERVAL_MS);
  stack.defer('reviews', async () => clearInterval(reviews));
  const sweeper = startLedgerSweeper({
    directory: config.ledgerDirectory,
    windowMs: config.ledgerWindowHours * HOUR_MS,
    clock: systemClock,
    logger,
    onSwept: (folders) => metrics.sweptLedgers.inc({}, folders),
  });
  stack.defer('sweeps of the ledger directory', () => sweeper.close());
  group.current = watchGroup(consumer, kafka, logger, stack);
  const { maxBytes: maxLedgerIndexBytes } = ledgerMemory;
  const place = { groupId: groupIdOf(config), partitions: consumer.assignment() };
  logger.info({ adminUrl: serviceAdmin.url, ...place, maxLedgerIndexBytes }, 'listening');
}

function watchGroup(consumer: GroupConsumer, kafka: KafkaClients, logger: Logger, stack: ServiceStack): GroupState {
  const watch = watchOffsets({
    connection: kafka.connection,
    reader: kafka.reader,
    topic: kafka.topics.commands.name,
    workPositions: () => consumer.workPositions(),
    logger,
  });
  stack.defer('watch of offsets', () => watch.close());
  return groupStateOf(consumer, watch, kafka.commandPartitions);
}

function shareOfMember(consumer: GroupConsumer, config: DispatcherConfig, kafka: KafkaClients) {
  const [assigned, silentMs] = [consumer.assignment(), consumer.silentMs()];
  const sessionTimeoutMs = config.kafkaSessionTimeoutMs;
  return shareOf({ assigned, silentMs, partitions: kafka.commandPartitions(), sessionTimeoutMs });
}

function openLedgerMemory(): IndexMemory {
  const memory = readProcessMemory();
  const fault = (neededBytes: number) => ledgerTooLarge(neededBytes, memory);
  return new IndexMemory({ maxBytes: maxIndexBytes(memory), fault });
}

function groupIdOf(config: DispatcherConfig): string {
  return config.kafkaTopicPrefix + config.groupId;
}

function openScheduler(
  { config, logger, stack, tracing }: Surroundings,
  { topics }: KafkaClients,
  connectors: ConnectorSource,
  shares: SettledShares,
  metrics: DispatcherMetrics,
): CallScheduler {
  // No bound on connections: each connector's calls have theirs, and one in common would let them wait for each other.
  const client = createApiClient({
    baseUrl: config.apiUrl,
    timeoutMs: config.apiTimeoutMs,
    tls: tlsMaterialOf(config, 'api'),
  });
  const deadLetterTopic = topics.commandsDeadLetters.name;
  const apiClient = traceCalls(client, tracing, { apiUrl: config.apiUrl, deadLetterTopic, groupId: groupIdOf(config) });
  stack.defer('API client', () => apiClient.close());
  const limiterPolicyOf = createLimiterPolicies(config);
  const scheduler = new CallScheduler({
    apiClient,
    connectors: () => connectors.current(),
    policyOf: (connectorId) => limiterPolicyOf(connectors.current().byId(connectorId)?.delivery, shares.current),
    maxCalls: config.maxCalls,
    maxRetryAfterMs: MAX_RETRY_AFTER_MS,
    clock: systemClock,
    inNextTurn: setImmediate,
    random: Math.random,
    logger,
    metrics,
  });
  stack.defer('calls', async () => scheduler.close());
  connectors.onChange(() => scheduler.connectorsChanged());
  return scheduler;
}

function partitionOptions(
  { config, logger, stack, tracing }: Surroundings,
  kafka: KafkaClients,
  scheduler: CallScheduler,
  { metrics, ledgerMemory }: { readonly metrics: DispatcherMetrics; readonly ledgerMemory: IndexMemory },
): PartitionDispatcherOptions {
  const { topics, producer, admin, reader, pageReader } = kafka;
  const groupId = groupIdOf(config);
  const topic = topics.commands.name;
  const changelog = createKafkaChangelog({ topic: topics.deliveries.name, producer, reader, admin });
  return {
    scheduler,
    decoder: createCommandDecoder(schemaRegistryFromConfig(config)),
    deadLetters: traceSends(producer, tracing, {
      isSentAgain: ({ headers }) => isSentAgain({ topic, headers }, topics.commandsDeadLetters.name),
    }),
    deadLetterTopic: topics.commandsDeadLetters.name,
    groupId,
    policy: {
      baseMs: config.retryBaseMs,
      maxMs: config.retryMaxMs,
      budgetMs: config.retryBudgetMs,
      maxRetryAfterMs: MAX_RETRY_AFTER_MS,
    },
    limits: {
      maxRecords: config.maxBufferedRecords,
      maxBytes: config.maxBufferedBytes,
      windowRecords: config.lagWindowRecords,
      windowBytes: LAG_WINDOW_BYTES,
      maxHoldMs: config.lagAfterMs,
      maxLaggingConnectors: MAX_LAGGING_CONNECTORS,
    },
    openLedger: createPartitionLedgers({
      config,
      changelog,
      memory: ledgerMemory,
      groupId,
      topic,
      logger,
      onRestored: (seconds) => metrics.ledgerRestore.observe(seconds),
    }),
    committed: async ({ topic, partition }) => (await admin.commits(groupId, topic)).get(partition),
    readPage: createPageReader({
      reader: pageReader,
      clock: systemClock,
      random: Math.random,
      logger,
      onExpired: (partition, offsets) => {
        metrics.expired.inc({ partition: String(partition) }, offsets);
        logger.error(
          { partition, offsets },
          'commands expired on their topic before a connector that lags came to them',
        );
      },
    }),
    replays: openReplays(kafka, logger, stack),
    clock: systemClock,
    random: Math.random,
    logger,
    metrics,
  };
}

async function startConsumer(
  { config, logger, stack }: Surroundings,
  { connection, topics }: KafkaClients,
  partitions: AssignedPartitions,
): Promise<GroupConsumer> {
  const groupId = groupIdOf(config);
  const consumer = await stack.waitFor(`consumer group ${groupId}`, () =>
    startGroupConsumer({
      connection,
      groupId,
      topic: topics.commands.name,
      logger,
      sessionTimeoutMs: config.kafkaSessionTimeoutMs,
      heartbeatIntervalMs: config.kafkaHeartbeatIntervalMs,
      instanceId: config.kafkaGroupInstanceId,
      maxBytesPerPartition: FETCH_BYTES,
      onFault: (fault) => stack.fail(fault),
      createProcessor: (session) => partitions.add(session),
    }),
  );
  stack.defer('consumer', () => consumer.close(config.shutdownTimeoutMs / 2));
  stack.addReadinessCheck(() => consumer.trouble());
  return consumer;
}

function toConnectorState(limiter: ReturnType<CallScheduler['limiterOf']>): ConnectorState {
  const { connectorId, circuit, inFlight, maxInFlight, queued } = limiter;
  return {
    connector: connectorId,
    isHalted: circuit.kind !== 'closed' && circuit.cause === 'halted',
    circuit: { closed: 0, probing: 1, open: 2 }[circuit.kind],
    inFlight,
    limit: maxInFlight,
    queued,
  };
}
