/**
 * Records on several topics, stored all together or not at all, by one process at a time. For the operator's tools;
 * services have their own.
 */
import { recordSizeBytes, type OutgoingRecord } from '@astrolabe/records';
import { clientOf, type KafkaConnection, type RetryOptions } from '../connection.ts';
import { isFencedAnswer, toKafkaError } from '../kafka-errors.ts';
import type { Producer } from '../kafkajs/index.ts';

export interface TransactionalProducerOptions {
  readonly connection: KafkaConnection;
  /**
   * Who opens a producer of this id takes it over: whoever had it can commit nothing any more, and its open transaction
   * is aborted.
   */
  readonly transactionalId: string;
  /** The brokers abort a transaction of a process that died after this. Default 60,000. */
  readonly transactionTimeoutMs?: number;
}

/** Records of one topic; each names its partition. */
export interface TopicRecords {
  readonly topic: string;
  readonly records: readonly (OutgoingRecord & { readonly partition: number })[];
}

/** Where a consumer group stands in a topic, stored with the records. The group must have no members. */
export interface GroupPosition {
  readonly groupId: string;
  readonly topic: string;
  readonly nextOffsets: ReadonlyMap<number, bigint>;
}

/** `fenced`: another process has taken the id over, and nothing of this transaction is stored. */
export type TransactionOutcome = { readonly kind: 'committed' } | { readonly kind: 'fenced' };

/**
 * Called one transaction at a time. Success of `commit`: every record is stored, and readers of committed records see
 * all of them. Failure: rejects with a `PipelineError` of `toKafkaError`; whether the transaction was committed is then
 * unknown, and the producer must not be used again. Opening another one settles it: what its predecessor left open is
 * aborted before it opens.
 */
export interface TransactionalProducer {
  /**
   * In the order of the parts, the position after the first: readers of the last part's topic are held up the shortest.
   * At least one record; kafkajs does not repeat the offsets of a transaction that has none.
   */
  commit(parts: readonly TopicRecords[], position?: GroupPosition): Promise<TransactionOutcome>;
  close(): Promise<void>;
}

const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;
/**
 * Of one request; the broker's `message.max.bytes` (1,048,588) refuses larger ones whole. A larger record goes alone.
 */
const MAX_REQUEST_BYTES = 900_000;
/** Quick, since kafkajs waits that long whenever the markers of the transaction before are still being written. */
const RETRY: RetryOptions = { initialRetryTime: 5, maxRetryTime: 500, retries: 60 };

/** Connects and takes the id over; rejects with `kafka.unavailable` when no broker can be reached. */
export async function openTransactionalProducer(options: TransactionalProducerOptions): Promise<TransactionalProducer> {
  const { connection, transactionalId, transactionTimeoutMs = DEFAULT_TRANSACTION_TIMEOUT_MS } = options;
  const producer = clientOf(connection, RETRY).producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: RETRY,
  });
  try {
    await producer.connect();
    // kafkajs takes the id over when its first transaction begins; what is read before that would not be final.
    const transaction = await producer.transaction();
    await transaction.abort();
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw toKafkaError(error, `taking over ${transactionalId}`, { principal: connection.principal, transactionalId });
  }
  return {
    commit: async (parts, position) => {
      try {
        return await commit(producer, parts, position);
      } catch (error) {
        if (isFencedAnswer(error)) return { kind: 'fenced' };
        const topics = parts.map(
          ({ topic }) => ({ operation: 'Write', resourceType: 'topic', resource: topic }) as const,
        );
        const access = { principal: connection.principal, transactionalId, topics };
        throw toKafkaError(error, `committing a transaction of ${transactionalId}`, access);
      }
    },
    close: () => producer.disconnect(),
  };
}

async function commit(
  producer: Producer,
  parts: readonly TopicRecords[],
  position: GroupPosition | undefined,
): Promise<TransactionOutcome> {
  const transaction = await producer.transaction();
  const sendPosition = async ({ groupId, topic, nextOffsets }: GroupPosition): Promise<void> => {
    const partitions = [...nextOffsets].map(([partition, offset]) => ({ partition, offset: offset.toString() }));
    await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
  };
  try {
    for (const [index, { topic, records }] of parts.entries()) {
      for (const request of cutIntoRequests(records)) {
        const messages = request.map(({ key, value, headers, partition }) => ({ key, value, headers, partition }));
        await transaction.send({ topic, messages, acks: -1 });
      }
      if (index === 0 && position !== undefined && position.nextOffsets.size > 0) await sendPosition(position);
    }
    await transaction.commit();
    return { kind: 'committed' };
  } catch (error) {
    if (transaction.isActive()) await transaction.abort().catch(() => undefined);
    throw error;
  }
}

function* cutIntoRequests<Each extends OutgoingRecord>(records: readonly Each[]): Generator<readonly Each[]> {
  let request: Each[] = [];
  let bytes = 0;
  for (const record of records) {
    const sizeBytes = recordSizeBytes(record);
    if (request.length > 0 && bytes + sizeBytes > MAX_REQUEST_BYTES) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(record);
    bytes += sizeBytes;
  }
  if (request.length > 0) yield request;
}
