/**
 * The idempotent producer behind `RecordProducer`. kafkajs serialises idempotent requests for each broker, so 1,400
 * single sends a second are all it gives; `BatchingProducer` makes large requests of them.
 */
import { partitionFor, type OutgoingRecord, type RecordPosition, type RecordProducer } from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import { PipelineError, present } from '@astrolabe/service-kit/errors';
import { createKafkaAdmin } from '../admin/admin.ts';
import { findAccessFault } from '../admin/present-topics.ts';
import type { TopicNeed } from '../admin/topic-access.ts';
import { clientOf, type KafkaConnection, type RetryOptions } from '../connection.ts';
import { DEFAULT_MAX_RECORD_BYTES, DEFAULT_MAX_REQUEST_BYTES, type SizeLimits } from '../size-limits.ts';
import { BatchingProducer, type ProduceSession, type RequestPace, type TopicRecords } from './batching-producer.ts';
import { Partitioners, type Message, type PartitionerArgs, type Producer } from '../kafkajs/index.ts';

export interface RecordProducerOptions extends SizeLimits {
  readonly connection: KafkaConnection;
  readonly logger: Logger;
  /** Topics that it is for. Named where this user may write to none, which the brokers do not tell in these words. */
  readonly topics?: readonly string[];
  /**
   * A `send` that has no acknowledgement by then rejects with `kafka.unavailable`. What was not yet on its way is
   * withdrawn; what was may still be stored. Default 10,000.
   */
  readonly deliveryTimeoutMs?: number;
  readonly pace?: RequestPace;
}

const DEFAULT_DELIVERY_TIMEOUT_MS = 10_000;
const LONGEST_RETRY_PAUSE_MS = 1_000;

/**
 * Connects; rejects with `kafka.unavailable` when no broker can be reached, and with `kafka.unauthorized` where this
 * user may write to no topic.
 */
export async function createRecordProducer(options: RecordProducerOptions): Promise<RecordProducer> {
  const { connection, logger, deliveryTimeoutMs = DEFAULT_DELIVERY_TIMEOUT_MS } = options;
  await assertReachable(connection);
  const retry: RetryOptions = {
    initialRetryTime: 50,
    maxRetryTime: LONGEST_RETRY_PAUSE_MS,
    // Outlasts every caller, and then ends: a request that no caller waits for must not be retried without end. kafkajs
    // advises against a limit, because a producer that gave up has lost count of its records; this one is then
    // replaced.
    retries: Math.ceil(deliveryTimeoutMs / LONGEST_RETRY_PAUSE_MS) + 10,
  };
  const producer = new BatchingProducer({
    openSession: () => openSession(connection, retry),
    principal: connection.principal,
    topics: options.topics,
    findForbidden: (topics) => findAccessFault(connection, topics.map(writing)),
    logger,
    deliveryTimeoutMs,
    maxRequestBytes: options.maxRequestBytes ?? DEFAULT_MAX_REQUEST_BYTES,
    maxRecordBytes: options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES,
    pace: options.pace,
  });
  await producer.connect();
  return producer;
}

function writing(name: string): TopicNeed {
  return { name, operations: ['Write'] };
}

/** The producer's own retries are for sends; a start fails soon. */
async function assertReachable(connection: KafkaConnection): Promise<void> {
  const admin = await createKafkaAdmin(connection);
  await admin.close();
}

async function openSession(connection: KafkaConnection, retry: RetryOptions): Promise<ProduceSession> {
  const producer = clientOf(connection, retry).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: rememberingPartitioner,
    retry,
  });
  try {
    await producer.connect();
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw error;
  }
  return new KafkaJsSession(producer);
}

class KafkaJsSession implements ProduceSession {
  readonly #producer: Producer;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  async produce(
    requests: readonly TopicRecords[],
    cancelled: AbortSignal,
  ): Promise<readonly (readonly RecordPosition[])[]> {
    const messagesByTopic = new Map<string, PlacedMessage[]>();
    const placed = requests.map(({ topic, records }) => {
      const messages = records.map((record) => toMessage(record, cancelled));
      const together = messagesByTopic.get(topic);
      if (together === undefined) messagesByTopic.set(topic, [...messages]);
      else for (const message of messages) together.push(message);
      return { topic, messages };
    });
    const sending = this.#producer.sendBatch({
      acks: -1,
      topicMessages: [...messagesByTopic].map(([topic, messages]) => ({ topic, messages })),
    });
    this.#sending = sending.catch(() => undefined);
    // By topic, then by partition: a key made of both would cost each record a string and its hash.
    const nextOffsets = new Map<string, bigint[]>();
    for (const { topicName, partition, baseOffset } of await sending) {
      const ofTopic = nextOffsets.get(topicName) ?? [];
      ofTopic[partition] = BigInt(present(baseOffset, 'the base offset of acknowledged records'));
      nextOffsets.set(topicName, ofTopic);
    }
    return placed.map(({ topic, messages }) => {
      const ofTopic = nextOffsets.get(topic) ?? [];
      return messages.map((message) => takePosition(topic, message, ofTopic));
    });
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
    // A retry reconnects before it notices that it was cancelled.
    await this.#sending;
    await this.#producer.disconnect();
  }
}

const partitionOf: unique symbol = Symbol('partition');
const cancelledBy: unique symbol = Symbol('cancelled');
type PlacedMessage = Message & { [partitionOf]?: number | undefined; readonly [cancelledBy]: AbortSignal };

/**
 * murmur2 as Java's, noting the choice on the message: so that each record's position can be told, and so that kafkajs,
 * which asks again at each retry, sends a record without a key to the partition where it may be stored already.
 */
export function rememberingPartitioner(): (args: PartitionerArgs) => number {
  const takeTurns = Partitioners.DefaultPartitioner();
  const choosePartition = (args: PartitionerArgs, key: Message['key']): number =>
    Buffer.isBuffer(key) ? partitionFor(key, args.partitionMetadata.length) : takeTurns(args);
  return (args) => {
    const message = args.message as PlacedMessage;
    if (message[cancelledBy].aborted) throw new Error('the request was cancelled: its callers have given up');
    const partition = message[partitionOf] ?? message.partition ?? choosePartition(args, message.key);
    message[partitionOf] = partition;
    // kafkajs silently drops such records.
    if (!hasPartition(args.partitionMetadata, partition)) {
      const message = `${args.topic} has no partition ${partition}; add partitions with "astrolabe topics apply"`;
      throw new PipelineError('kafka.topic-missing', message, { retryable: true });
    }
    return partition;
  };
}

function hasPartition(metadata: PartitionerArgs['partitionMetadata'], partition: number): boolean {
  // Without gaps, as brokers give them, every partition is at the place of its number.
  return (
    metadata[partition]?.partitionId === partition || metadata.some(({ partitionId }) => partitionId === partition)
  );
}

/** All members are there from the start, so that all messages have one shape. */
export function toMessage(record: OutgoingRecord, cancelled: AbortSignal): PlacedMessage {
  const { key, value, headers, partition } = record;
  return { key, value, headers, partition, [partitionOf]: undefined, [cancelledBy]: cancelled } as PlacedMessage;
}

function takePosition(topic: string, message: PlacedMessage, nextOffsets: bigint[]): RecordPosition {
  const partition = message[partitionOf] ?? -1;
  const offset = nextOffsets[partition];
  if (offset === undefined) throw new Error(`the broker acknowledged no records for ${topic}:${partition}`);
  nextOffsets[partition] = offset + 1n;
  return { topic, partition, offset };
}
