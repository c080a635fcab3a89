/** Composition of ingest from explicit dependencies. */
import { randomUUID } from 'node:crypto';
import {
  assertTopicsUsable,
  connectionFromConfig,
  createRecordProducer,
  watchTopics,
  type KafkaConnection,
  type TopicNeed,
} from '@astrolabe/kafka';
import { rightsFor, topicNeedsOf, topicsFor } from '@astrolabe/records';
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
import { createKafkaStoreProbe } from './adapters/kafka-store-probe.ts';
import type { IngestConfig } from './config.ts';
import { ByteBudget } from './core/limits/byte-budget.ts';
import { connectionLimits } from './core/limits/connection-limits.ts';
import type { EventSink } from './event-sink.ts';
import { createFairness } from './fairness.ts';
import { createIngestHandler } from './ingest-handler.ts';
import {
  createIngestMetrics,
  createOversizeRecordsCounter,
  createReadingThreadCounter,
  showStoring,
} from './ingest-metrics.ts';
import { EventReader } from './reading/event-reader.ts';
import { WorkerThread, readingHeapMegabytes, type ReadingThread } from './reading/reading-thread.ts';
import { createStoreWatch, type StoreWatch } from './store-watch.ts';
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
    | 'instances'
    | 'connectorBytesPerSecond'
    | 'connectorWorkMsPerSecond'
    | 'clientWorkMsPerSecond'
  >;
  readonly connectors: () => Pick<ConnectorDirectory, 'byId' | 'byKey'>;
  readonly sink: EventSink;
  /** Reads costly bodies. */
  readonly thread: ReadingThread;
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
 * Single events at 500 a second would be a request each, and each a fetch of the mapper. An event that comes alone
 * waits for nothing, and so does one among many senders.
 */
const PACE = { intervalMs: 6, unlessRecords: 24 } as const;

/** The service without its process: any sink, any connectors, not listening yet. */
export function createIngest(dependencies: IngestDependencies): HttpServer {
  const { config, connectors, sink, thread, logger, newMessageId = () => randomUUID() } = dependencies;
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
    instances: config.instances,
    bytesPerSecond: config.connectorBytesPerSecond,
    workMsPerSecond: config.connectorWorkMsPerSecond,
    clientWorkMsPerSecond: config.clientWorkMsPerSecond,
    nowMs: monotonicMs,
  });
  const turns = createTurns({ monotonicMs: () => performance.now(), afterSockets: setImmediate });
  const { maxInflatedBytes } = config;
  const reader = new EventReader({
    turns,
    thread,
    maxInflatedBytes,
    monotonicMs: () => performance.now(),
    newMessageId,
  });
  const handler = createIngestHandler({ connectors, sink, fairness, reader, metrics, logger, nowMs });
  return createHttpServer({
    handler,
    connectors,
    metrics,
    budget,
    limits: { maxBodyBytes: config.maxBodyBytes, maxInflatedBytes },
    trustedProxies: config.trustedProxies,
    publicUrl: config.publicUrl,
    connectionLimits: connectionLimits(config, descriptorLimit()),
    logger,
  });
}

/**
 * Starts the service as a process runs it: first the admin server, so that it can say what it waits for; then the
 * brokers and topics; then the HTTP server. On SIGTERM the HTTP server first drains. Stops in reverse: the HTTP server
 * closes and answers requests in progress, then the producer flushes.
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
  const needs: readonly TopicNeed[] = topicNeedsOf(rightsFor({ prefix: config.kafkaTopicPrefix }).ingest);
  await stack.waitFor(`Kafka at ${brokers} and the topics of ingest`, () => assertTopicsUsable(connection, needs));
  const topicWatch = watchTopics({ connection, needs, logger });
  stack.defer('the topic watch', () => topicWatch.close());
  stack.addReadinessCheck(() => topicWatch.trouble());
  const producer = await stack.waitFor(`Kafka at ${brokers}`, () =>
    createRecordProducer({ connection, logger, deliveryTimeoutMs: config.produceTimeoutMs, pace: PACE }),
  );
  stack.defer('the producer', () => producer.close());

  const storeWatch = openStoreWatch(connection, needs, logger, stack);
  showStoring(admin.metrics, () => storeWatch.trouble() === undefined);
  const countTooLarge = createOversizeRecordsCounter(admin.metrics);
  const toldTopics = new Set<string>();
  const server = createIngest({
    config,
    connectors: () => connectors.current(),
    sink: storeWatch.watch(
      createKafkaEventSink(producer, {
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
    ),
    thread: openReadingThread(config, logger, admin.metrics, stack),
    metrics: admin.metrics,
    logger,
  });
  const url = await server.listen({ host: config.host, port: config.port });
  stack.defer('the HTTP server', () => server.close());
  if (config.drainMs > 0) stack.addDrain('the HTTP server', (signal) => drain(server, config.drainMs, signal));
  logger.info({ url, adminUrl: admin.url }, 'listening');
}

function openStoreWatch(
  connection: KafkaConnection,
  needs: readonly TopicNeed[],
  logger: Logger,
  stack: ServiceStack,
): StoreWatch {
  const { probe, close } = createKafkaStoreProbe(
    connection,
    needs.map(({ name }) => name),
  );
  const watch = createStoreWatch({ probe, clock: systemClock, logger });
  stack.defer('the watch of the store', async () => {
    await watch.close();
    close();
  });
  stack.addReadinessCheck(() => watch.trouble());
  return watch;
}

function openReadingThread(
  { maxInflatedBytes }: IngestConfig,
  logger: Logger,
  metrics: Metrics,
  stack: ServiceStack,
): ReadingThread {
  const onEnded = createReadingThreadCounter(metrics);
  const thread = new WorkerThread({ heapMegabytes: readingHeapMegabytes(maxInflatedBytes), logger, onEnded });
  stack.defer('the reading thread', () => thread.close());
  return thread;
}

/** Goes on as before for `drainMs`, for load balancers to notice. */
async function drain(server: HttpServer, drainMs: number, signal: AbortSignal): Promise<void> {
  server.drain();
  await systemClock.sleep(drainMs, signal).catch(() => undefined);
}
