/** Composition of the mapper: reads `segment.events.v1`, writes `astrolabe.commands.v1`. */
import {
  assertTopicsExist,
  connectionFromConfig,
  createBatchProcessor,
  createCommandEncoder,
  createRecordProducer,
  schemaRegistryFromConfig,
  startGroupConsumer,
  topicsFor,
} from '@astrolabe/kafka';
import { startServiceAdmin, systemClock, type Logger, type ServiceStack } from '@astrolabe/service-kit';
import type { MapperConfig } from './config.ts';
import { createMapHandler } from './map-handler.ts';
import { createMapperMetrics } from './mapper-metrics.ts';

const MAX_RECORD_BYTES = 1_000_000;
const MAX_BATCH_BYTES = 4_194_304;
/**
 * A batch waits for its brokers as long as it takes; this bounds one attempt, and with it how long the producer takes to close while they
 * are away. Together with the half of SHUTDOWN_TIMEOUT_MS that the consumer has, it stays below the whole of the default.
 */
const DELIVERY_TIMEOUT_MS = 15_000;

export async function startMapper(config: MapperConfig, logger: Logger, stack: ServiceStack): Promise<void> {
  const admin = await startServiceAdmin('mapper', config, logger, stack);

  const topics = topicsFor(config.kafkaTopicPrefix);
  const groupId = config.kafkaTopicPrefix + config.groupId;
  const connection = connectionFromConfig(config, 'mapper', logger);
  const registry = schemaRegistryFromConfig(config);
  await stack.waitFor(`Kafka at ${config.kafkaBrokers.join(',')} and its topics`, () =>
    assertTopicsExist(connection, [topics.segmentEvents, topics.segmentEventsDeadLetters, topics.commands]),
  );
  const schemaIds = await stack.waitFor(`the schema registry at ${config.schemaRegistryUrl}`, () =>
    registry.commandIds(topics.commands.name),
  );
  const producer = await stack.waitFor(`Kafka at ${config.kafkaBrokers.join(',')}`, () =>
    createRecordProducer({
      connection,
      logger,
      deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
      maxRecordBytes: topics.segmentEventsDeadLetters.maxMessageBytes ?? MAX_RECORD_BYTES,
    }),
  );
  stack.defer('producer', () => producer.close());

  const handle = createMapHandler({
    producer,
    encoder: createCommandEncoder(schemaIds),
    topics,
    groupId,
    clock: systemClock,
    random: Math.random,
    logger,
    metrics: createMapperMetrics(admin.metrics),
    maxRecordBytes: MAX_RECORD_BYTES,
  });
  const consumer = await stack.waitFor(`consumer group ${groupId}`, () =>
    startGroupConsumer({
      connection,
      groupId,
      topic: topics.segmentEvents.name,
      logger,
      sessionTimeoutMs: config.kafkaSessionTimeoutMs,
      onFault: (fault) => {
        stack.fail(fault);
      },
      createProcessor: (session) =>
        createBatchProcessor({
          session,
          handle,
          maxBatchRecords: config.maxBatchRecords,
          maxBatchBytes: MAX_BATCH_BYTES,
          maxBufferedRecords: config.maxBufferedRecords,
          maxBufferedBytes: config.maxBufferedBytes,
        }),
    }),
  );
  stack.defer('consumer', () => consumer.close(config.shutdownTimeoutMs / 2));
  stack.addReadinessCheck(() => (consumer.isRunning() ? undefined : `not a member of ${groupId}`));
  logger.info({ adminUrl: admin.url, groupId, partitions: consumer.assignment() }, 'listening');
}
