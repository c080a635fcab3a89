/** Composition of the dispatcher: reads `astrolabe.commands.v1`, calls the Astrolabe API. */
import {
  assertTopicsExist,
  connectionFromConfig,
  createCommandDecoder,
  createLaneProcessor,
  createRecordProducer,
  schemaRegistryFromConfig,
  startGroupConsumer,
  topicsFor,
} from '@astrolabe/kafka';
import {
  openConnectorSource,
  startServiceAdmin,
  systemClock,
  type Logger,
  type ServiceStack,
} from '@astrolabe/service-kit';
import { createApiClient } from './adapters/undici-api-client.ts';
import type { DispatcherConfig } from './config.ts';
import { laneOf } from './core/lane-of.ts';
import { createDispatchHandler } from './dispatch-handler.ts';
import { createDispatcherMetrics } from './dispatcher-metrics.ts';

const MAX_RETRY_AFTER_MS = 15 * 60_000;

export async function startDispatcher(
  config: DispatcherConfig,
  env: Readonly<Record<string, string | undefined>>,
  logger: Logger,
  stack: ServiceStack,
): Promise<void> {
  const admin = await startServiceAdmin('dispatcher', config, logger, stack);

  const connectors = await openConnectorSource({ path: config.connectorsFile, env, logger, metrics: admin.metrics });
  stack.defer('connectors file', () => connectors.close());
  const topics = topicsFor(config.kafkaTopicPrefix);
  const groupId = config.kafkaTopicPrefix + config.groupId;
  const connection = connectionFromConfig(config, 'dispatcher', logger);
  await stack.waitFor(`Kafka at ${config.kafkaBrokers.join(',')} and its topics`, () =>
    assertTopicsExist(connection, [topics.commands, topics.commandsDeadLetters]),
  );
  const deadLetters = await stack.waitFor(`Kafka at ${config.kafkaBrokers.join(',')}`, () =>
    createRecordProducer({
      connection,
      logger,
      ...(topics.commandsDeadLetters.maxMessageBytes === undefined
        ? {}
        : { maxRecordBytes: topics.commandsDeadLetters.maxMessageBytes }),
    }),
  );
  stack.defer('dead-letter producer', () => deadLetters.close());

  // No bound on connections: each connector's calls have theirs, and one in common would let them wait for each other.
  const apiClient = createApiClient({ baseUrl: config.apiUrl, timeoutMs: config.apiTimeoutMs });
  stack.defer('API client', () => apiClient.close());

  const handle = createDispatchHandler({
    apiClient,
    connectors: () => connectors.current(),
    decoder: createCommandDecoder(schemaRegistryFromConfig(config)),
    deadLetters,
    deadLetterTopic: topics.commandsDeadLetters.name,
    groupId,
    policy: {
      baseMs: config.retryBaseMs,
      maxMs: config.retryMaxMs,
      budgetMs: config.retryBudgetMs,
      haltMs: config.haltMs,
      maxRetryAfterMs: MAX_RETRY_AFTER_MS,
    },
    maxConcurrentCalls: config.maxConcurrentCalls,
    clock: systemClock,
    random: Math.random,
    logger,
    metrics: createDispatcherMetrics(admin.metrics),
  });
  const consumer = await stack.waitFor(`consumer group ${groupId}`, () =>
    startGroupConsumer({
      connection,
      groupId,
      topic: topics.commands.name,
      logger,
      sessionTimeoutMs: config.kafkaSessionTimeoutMs,
      onFault: (fault) => {
        stack.fail(fault);
      },
      createProcessor: (session) =>
        createLaneProcessor({
          session,
          laneOf,
          handle,
          maxRecords: config.maxBufferedRecords,
          maxBytes: config.maxBufferedBytes,
        }),
    }),
  );
  stack.defer('consumer', () => consumer.close(config.shutdownTimeoutMs / 2));
  stack.addReadinessCheck(() => (consumer.isRunning() ? undefined : `not a member of ${groupId}`));
  logger.info({ adminUrl: admin.url, groupId, partitions: consumer.assignment() }, 'listening');
}
