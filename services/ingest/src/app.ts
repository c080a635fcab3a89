/** Composition of ingest from explicit dependencies. */
import { randomUUID } from 'node:crypto';
import {
  assertTopicsUsable,
  connectionFromConfig,
  createRecordProducer,
  watchTopics,
  type TopicNeed,
} from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import {
  descriptorLimit,
  openConnectorSource,
  startServiceAdmin,
  type Environment,
  type Logger,
  type Metrics,
  type ServiceStack,
} from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import type { ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { createHttpServer, type HttpServer } from './adapters/http-server.ts';
import { createKafkaEventSink } from './adapters/kafka-event-sink.ts';
import type { IngestConfig } from './config.ts';
import { ByteBudget } from './core/limits/byte-budget.ts';
import { connectionLimits } from './core/limits/connection-limits.ts';
import type { EventSink } from './event-sink.ts';
import { createFairness } from './fairness.ts';
import { createIngestHandler } from './ingest-handler.ts';
import { createIngestMetrics, createOversizeRecordsCounter } from './ingest-metrics.ts';
import { createTurns } from './turns.ts';

export interface IngestDependencies {
  readonly config: Pick<
    IngestConfig,
    | 'maxBodyBytes'
    | 'maxInflatedBytes'
    | 'maxInFlightBytes'
    | 'trustedProxies'
    | 'publicUrl'
    | 'maxConnections'
    | 'maxConnectionsPerClient'
    | 'connectorEventsPerSecond'
    | 'connectorBurstEvents'
    | 'connectorBytesPerSecond'
    | 'connectorWorkMsPerSecond'
    | 'clientWorkMsPerSecond'
  >;
  readonly connectors: () => Pick<ConnectorDirectory, 'byId' | 'byKey'>;
  readonly sink: EventSink;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Default: the system's clock. */
  readonly nowMs?: () => number;
  /** Default: random UUIDs. */
  readonly newMessageId?: () => string;
}

/** A body arrives within milliseconds, or within seconds on a slow connection. */
const MIN_BODY_READ_MS = 2_000;
/**
 * Single events at 500 a second would be a request each, and each a fetch of the mapper. An event that comes alone waits
 * for nothing, and so does one among many senders.
 */
const PACE = { intervalMs: 4, unlessRecords: 16 } as const;

/** The service without its process: any sink, any connectors, not listening yet. */
export function createIngest(dependencies: IngestDependencies): HttpServer {
  const { config, connectors, sink, logger, newMessageId = () => randomUUID() } = dependencies;
  const { nowMs = systemClock.nowMs } = dependencies;
  // Durations use a clock that cannot be set; a test gives one clock for both.
  const monotonicMs = dependencies.nowMs ?? systemClock.monotonicMs;
  const budget = new ByteBudget({
    maxBytes: config.maxInFlightBytes,
    minReadMs: MIN_BODY_READ_MS,
    nowMs: monotonicMs,
  });
  const metrics = createIngestMetrics(dependencies.metrics, () => budget.heldBytes);
  const fairness = createFairness({
    defaultLimit: { eventsPerSecond: config.connectorEventsPerSecond, burst: config.connectorBurstEvents },
    bytesPerSecond: config.connectorBytesPerSecond,
    workMsPerSecond: config.connectorWorkMsPerSecond,
    clientWorkMsPerSecond: config.clientWorkMsPerSecond,
    nowMs: monotonicMs,
  });
  const turns = createTurns({ monotonicMs: () => performance.now(), afterSockets: setImmediate });
  const handler = createIngestHandler({ connectors, sink, fairness, turns, metrics, logger, nowMs, newMessageId });
  return createHttpServer({
    handler,
    connectors,
    metrics,
    budget,
    limits: { maxBodyBytes: config.maxBodyBytes, maxInflatedBytes: config.maxInflatedBytes },
    trustedProxies: config.trustedProxies,
    publicUrl: config.publicUrl,
    connectionLimits: connectionLimits(config, descriptorLimit()),
    logger,
  });
}

/**
 * Starts the service as a process runs it: first the admin server, so that it can say what it waits for; then the
 * brokers and topics; then the HTTP server. Stops in reverse: the HTTP server closes and answers requests in progress,
 * then the producer flushes.
 */
export async function startIngest(
  config: IngestConfig,
  env: Environment,
  logger: Logger,
  stack: ServiceStack,
): Promise<void> {
  const admin = await startServiceAdmin('ingest', config, logger, stack);
  const connectors = await openConnectorSource({ path: config.connectorsFile, env, logger, metrics: admin.metrics });
  stack.defer('the connectors file', () => connectors.close());

  const connection = connectionFromConfig(config, 'ingest', logger);
  const topics = topicsFor(config.kafkaTopicPrefix);
  const brokers = config.kafkaBrokers.join(', ');
  const needs: readonly TopicNeed[] = [
    { name: topics.segmentEvents.name, operations: ['Write'] },
    { name: topics.segmentEventsDeadLetters.name, operations: ['Write'] },
  ];
  await stack.waitFor(`Kafka at ${brokers} and the topics of ingest`, () => assertTopicsUsable(connection, needs));
  const topicWatch = watchTopics({ connection, needs, logger });
  stack.defer('the topic watch', () => topicWatch.close());
  stack.addReadinessCheck(() => topicWatch.trouble());
  const producer = await stack.waitFor(`Kafka at ${brokers}`, () =>
    createRecordProducer({ connection, logger, deliveryTimeoutMs: config.produceTimeoutMs, pace: PACE }),
  );
  stack.defer('the producer', () => producer.close());

  const countTooLarge = createOversizeRecordsCounter(admin.metrics);
  const toldTopics = new Set<string>();
  const server = createIngest({
    config,
    connectors: () => connectors.current(),
    sink: createKafkaEventSink(producer, {
      events: topics.segmentEvents.name,
      deadLetters: topics.segmentEventsDeadLetters.name,
      onTooLarge: (topic, sizeBytes) => {
        countTooLarge(topic);
        // Once for each topic: a sender can cause any number of these.
        if (toldTopics.has(topic)) return;
        toldTopics.add(topic);
        const message =
          'the brokers refuse records for their size: events become dead letters, dead letters are cut; raise message.max.bytes';
        logger.error({ topic, sizeBytes }, message);
      },
    }),
    metrics: admin.metrics,
    logger,
  });
  const url = await server.listen({ host: config.host, port: config.port });
  stack.defer('the HTTP server', () => server.close());
  logger.info({ url, adminUrl: admin.url }, 'listening');
}
