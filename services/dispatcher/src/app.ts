/** Composition of the dispatcher: reads `astrolabe.commands.v1`, calls the Astrolabe API, keeps `astrolabe.deliveries.v1`. */
import {
  assertTopicsUsable,
  connectionFromConfig,
  createKafkaAdmin,
  createPartitionReader,
  createRecordProducer,
  schemaRegistryFromConfig,
  watchTopics,
  type TopicNeed,
} from '@astrolabe/kafka';
import { createKafkaChangelog, openPartitionLedger, partitionDirectory } from '@astrolabe/ledger';
import { startGroupConsumer, watchHeldRecords } from '@astrolabe/processing';
import { topicsFor } from '@astrolabe/records';
import { createCommandDecoder } from '@astrolabe/records/serde';
import { openConnectorSource, startServiceAdmin, type Logger, type ServiceStack } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { createPageReader } from './adapters/read-page.ts';
import { createApiClient } from './adapters/undici-api-client.ts';
import type { DispatcherConfig } from './config.ts';
import { unusedProxyVariables } from './core/proxy-variables.ts';
import { Dispatch } from './dispatch.ts';
import { createDispatcherMetrics, type ConnectorState } from './dispatcher-metrics.ts';
import { createGatePolicies } from './gate-policy.ts';
import { createPartitionDispatch, type PartitionDispatch } from './partition-dispatch.ts';

const MAX_RETRY_AFTER_MS = 15 * 60_000;
const REVIEW_INTERVAL_MS = 250;
const HOUR_MS = 3_600_000;
const LEDGER_CLOSE_MS = 2_000;
/** Of a partition at once. Larger ones are decoded in one go: answers wait meanwhile, and so many records outlive the young generation. */
const FETCH_BYTES = 131_072;
/** Of a page for connectors that lag, which take a window's worth of it. */
const PAGE_FETCH_BYTES = 524_288;
const LAG_WINDOW_BYTES = 1_048_576;
/** Each has a place beside the committed offset (`connector-offsets.ts`), ids of 63 characters included. */
const MAX_LAGGING_CONNECTORS = 48;

export async function startDispatcher(
  config: DispatcherConfig,
  env: Readonly<Record<string, string | undefined>>,
  logger: Logger,
  stack: ServiceStack,
): Promise<void> {
  // Before anything is waited for: who has to set a proxy may well wait for the brokers in vain.
  warnOfProxy(env, logger);
  const serviceAdmin = await startServiceAdmin('dispatcher', config, logger, stack);
  const connectors = await openConnectorSource({
    path: config.connectorsFile,
    env,
    logger,
    metrics: serviceAdmin.metrics,
  });
  stack.defer('connectors file', () => connectors.close());
  const topics = topicsFor(config.kafkaTopicPrefix);
  const groupId = config.kafkaTopicPrefix + config.groupId;
  const connection = connectionFromConfig(config, 'dispatcher', logger);
  const brokers = `Kafka at ${config.kafkaBrokers.join(',')}`;
  const needs: readonly TopicNeed[] = [
    { name: topics.commands.name, operations: ['Read'] },
    { name: topics.commandsDeadLetters.name, operations: ['Write'] },
    { name: topics.deliveries.name, operations: ['Read', 'Write'] },
  ];
  await stack.waitFor(`${brokers} and its topics`, () => assertTopicsUsable(connection, needs));
  const topicWatch = watchTopics({ connection, needs, logger });
  stack.defer('topic watch', () => topicWatch.close());
  stack.addReadinessCheck(() => topicWatch.trouble());
  const { maxMessageBytes } = topics.commandsDeadLetters;
  const maxRecordBytes = maxMessageBytes === undefined ? {} : { maxRecordBytes: maxMessageBytes };
  const producer = await stack.waitFor(brokers, () => createRecordProducer({ connection, logger, ...maxRecordBytes }));
  stack.defer('producer', () => producer.close());
  const admin = await stack.waitFor(brokers, () => createKafkaAdmin(connection));
  stack.defer('admin client', () => admin.close());
  const reader = createPartitionReader({ connection });
  stack.defer('partition reader', () => reader.close());
  const pages = createPartitionReader({ connection, maxFetchBytes: PAGE_FETCH_BYTES });
  stack.defer('page reader', () => pages.close());

  // No bound on connections: each connector's calls have theirs, and one in common would let them wait for each other.
  const apiClient = createApiClient({ baseUrl: config.apiUrl, timeoutMs: config.apiTimeoutMs });
  stack.defer('API client', () => apiClient.close());

  const partitions = new Map<number, PartitionDispatch>();
  const heldRecords = { held: (): ReadonlyMap<number, number> => new Map() };
  const metrics = createDispatcherMetrics(serviceAdmin.metrics, {
    connectors: () => [...dispatch.gates()].map(toConnectorState),
    partitions: () => [...partitions.values()].map((partition) => partition.state()),
    heldRecords: () => heldRecords.held(),
  });
  const gatePolicyOf = createGatePolicies(config);
  const dispatch = new Dispatch({
    apiClient,
    connectors: () => connectors.current(),
    policyOf: (connectorId) => gatePolicyOf(connectors.current().byId(connectorId)?.delivery),
    maxCalls: config.maxCalls,
    maxRetryAfterMs: MAX_RETRY_AFTER_MS,
    clock: systemClock,
    random: Math.random,
    logger,
    metrics,
  });
  stack.defer('dispatch', async () => {
    dispatch.close();
  });
  connectors.onChange(() => {
    dispatch.connectorsChanged();
  });

  const changelog = createKafkaChangelog({ topic: topics.deliveries.name, producer, reader, admin });
  const decoder = createCommandDecoder(schemaRegistryFromConfig(config));
  const readPage = createPageReader({
    reader: pages,
    clock: systemClock,
    random: Math.random,
    logger,
    onExpired: (partition, offsets) => {
      metrics.expired.inc({ partition: String(partition) }, offsets);
      logger.error({ partition, offsets }, 'commands expired on their topic before a connector that lags came to them');
    },
  });
  const consumer = await stack.waitFor(`consumer group ${groupId}`, () =>
    startGroupConsumer({
      connection,
      groupId,
      topic: topics.commands.name,
      logger,
      sessionTimeoutMs: config.kafkaSessionTimeoutMs,
      maxBytesPerPartition: FETCH_BYTES,
      onFault: (fault) => {
        stack.fail(fault);
      },
      createProcessor: (session) => {
        const created = createPartitionDispatch(session, {
          dispatch,
          decoder,
          deadLetters: producer,
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
          openLedger: async ({ partition, signal }) => {
            const ledger = await openPartitionLedger({
              partition,
              changelog,
              directory: partitionDirectory(config.ledgerDirectory, {
                groupId,
                topic: topics.commands.name,
                partition,
              }),
              windowMs: config.ledgerWindowHours * HOUR_MS,
              signal,
              clock: systemClock,
              random: Math.random,
              logger,
            });
            await ledger.restore(signal);
            return {
              lookup: (commandId) => ledger.lookup(commandId),
              record: (delivery) => ledger.record(delivery),
              stats: () => {
                const { entries, diskBytes } = ledger.stats();
                return { entries, bytes: diskBytes };
              },
              close: () => ledger.close(AbortSignal.timeout(LEDGER_CLOSE_MS)),
            };
          },
          committed: async ({ topic, partition }) => (await admin.commits(groupId, topic)).get(partition),
          readPage,
          clock: systemClock,
          random: Math.random,
          logger,
          metrics,
        });
        partitions.set(session.partition, created);
        session.signal.addEventListener('abort', () => {
          if (partitions.get(session.partition) === created) partitions.delete(session.partition);
        });
        return created;
      },
    }),
  );
  stack.defer('consumer', () => consumer.close(config.shutdownTimeoutMs / 2));
  const reviews = setInterval(() => {
    for (const partition of partitions.values()) partition.review();
  }, REVIEW_INTERVAL_MS);
  stack.defer('reviews', async () => {
    clearInterval(reviews);
  });
  stack.addReadinessCheck(() => consumer.trouble());
  const heldWatch = watchHeldRecords({
    connection,
    reader,
    topic: topics.commands.name,
    partitions: () => consumer.assignment(),
    logger,
  });
  stack.defer('watch of open transactions', () => heldWatch.close());
  heldRecords.held = () => heldWatch.held();
  logger.info({ adminUrl: serviceAdmin.url, groupId, partitions: consumer.assignment() }, 'listening');
}

/** Calls go straight to the API: who relies on a proxy would look for the fault anywhere else. */
function warnOfProxy(env: Readonly<Record<string, string | undefined>>, logger: Logger): void {
  const variables = unusedProxyVariables(env);
  if (variables.length === 0) return;
  logger.warn(
    { variables },
    'proxy variables are set but not used: the API is called directly; point DISPATCHER_API_URL at a gateway if it must not be',
  );
}

function toConnectorState({ id, circuit, inFlight, limit, queued }: ReturnType<Dispatch['gateOf']>): ConnectorState {
  return {
    connector: id,
    isHalted: circuit.kind !== 'closed' && circuit.cause === 'halted',
    circuit: { closed: 0, probing: 1, open: 2 }[circuit.kind],
    inFlight,
    limit,
    queued,
  };
}
