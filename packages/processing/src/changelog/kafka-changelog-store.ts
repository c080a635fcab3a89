/**
 * The log of a stateful processor's work on the brokers, under either guarantee. See
 * docs/adr/0007-one-transaction-for-each-batch.md.
 */
import { createPartitionReader, createRecordProducer, type KafkaConnection } from '@astrolabe/kafka';
import { DEFAULT_MAX_RECORD_BYTES, DEFAULT_MAX_REQUEST_BYTES, type SizeLimits } from '@astrolabe/kafka/internal';
import {
  FencedError,
  clientOf,
  openTransactionSession,
  toKafkaError,
  toTransactionError,
  type TransactionSession,
} from '@astrolabe/kafka/internal';
import type {
  BatchWriter,
  ChangelogStore,
  CommittedOffset,
  InputPartition,
  PartitionOffsets,
} from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createAtLeastOnceWriter } from './at-least-once-writer.ts';
import { TransactionWriter } from './transaction-writer.ts';

/**
 * `exactly-once`: outputs, state and position are one transaction, fenced for each input partition. `at-least-once`:
 * one after the other, each acknowledged; a crash repeats the last batches, and a process that lost its partition
 * without noticing may still write.
 */
export type Guarantee = 'exactly-once' | 'at-least-once';

export interface ChangelogStoreOptions extends SizeLimits {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  readonly changelogTopic: string;
  readonly guarantee: Guarantee;
  readonly logger: Logger;
  /**
   * How long a transaction of a process that died may keep what lies behind it on its topics from readers, if nobody
   * takes its partition over before. Default 60,000.
   */
  readonly transactionTimeoutMs?: number;
}

const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;
/** Used in turns. With fewer, an owner would not fence the transactions of those who had more. */
const IDS_PER_PARTITION = 2;
/** Of the time-out, after which an empty transaction is aborted. */
const IDLE_SHARE = 1 / 3;

/** Connects; rejects with `kafka.unavailable` when no broker can be reached. */
export async function openChangelogStore(options: ChangelogStoreOptions): Promise<ChangelogStore> {
  const { connection, groupId, changelogTopic, logger } = options;
  const maxRequestBytes = options.maxRequestBytes ?? DEFAULT_MAX_REQUEST_BYTES;
  const maxRecordBytes = options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES;
  const reader = createPartitionReader({ connection });
  const admin = clientOf(connection).admin();
  const producer =
    options.guarantee === 'at-least-once'
      ? await createRecordProducer({ connection, logger, maxRequestBytes, maxRecordBytes })
      : undefined;
  try {
    await admin.connect();
  } catch (error) {
    await Promise.all([producer?.close(), reader.close(), admin.disconnect().catch(() => undefined)]);
    throw toKafkaError(error, `opening the state of ${groupId}`);
  }

  const openWriter = async (input: InputPartition, signal: AbortSignal): Promise<BatchWriter> => {
    signal.throwIfAborted();
    if (producer !== undefined) return createAtLeastOnceWriter(producer, changelogTopic);
    const transactionTimeoutMs = options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS;
    const sessions = await openSessions(options, input, transactionTimeoutMs, signal);
    return new TransactionWriter({
      sessions,
      owner: { principal: connection.principal, transactionalId: idOf(options, input, 0) },
      changelogTopic,
      maxRequestBytes,
      maxRecordBytes,
      idleTimeoutMs: transactionTimeoutMs * IDLE_SHARE,
    });
  };

  return {
    groupId,
    changelogTopic,
    openWriter,
    readState: async (partition, onRecords, signal) => {
      if (producer === undefined)
        assertEnded(changelogTopic, partition, await reader.offsets(changelogTopic, partition));
      await reader.read({ topic: changelogTopic, partition, signal, onRecords });
    },
    committedOffset: async ({ topic, partition }): Promise<CommittedOffset | undefined> => {
      try {
        const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
        const found = answer?.partitions.find((each) => each.partition === partition);
        if (found === undefined || found.offset === '-1') return undefined;
        return { offset: BigInt(found.offset), metadata: found.metadata ?? '' };
      } catch (error) {
        const { principal } = connection;
        throw toKafkaError(error, `reading the committed offset of ${groupId}`, { principal, groupId });
      }
    },
    inputOffsets: ({ topic, partition }) => reader.offsets(topic, partition),
    close: async () => {
      await Promise.all([producer?.close(), reader.close(), admin.disconnect().catch(() => undefined)]);
    },
  };
}

/**
 * Nobody but the ids that were just taken over writes to this partition in transactions, and the takeover has ended
 * theirs. One that is open all the same was ended by the coordinator without its marker: brokers 4.3.0 to 4.4.0 do so
 * while a partition has no leader (https://github.com/apache/kafka/pull/22680). What it wrote may count or not, and
 * reading on from before it would repeat it.
 */
function assertEnded(topic: string, partition: number, { lastStableOffset, highWatermark }: PartitionOffsets): void {
  if (lastStableOffset === highWatermark) return;
  const what = `${topic}[${partition}] has a transaction at ${lastStableOffset} that is open though its producer was fenced`;
  const remedy = 'if this stays so, find it with "kafka-transactions.sh find-hanging" and end it';
  throw new PipelineError('kafka.unavailable', `${what}; ${remedy}`, {
    retryable: true,
    details: { topic, partition, lastStableOffset: String(lastStableOffset), highWatermark: String(highWatermark) },
  });
}

function idOf({ groupId }: ChangelogStoreOptions, { topic, partition }: InputPartition, index: number): string {
  return `${groupId}-${topic}-${partition}-${index}`;
}

async function openSessions(
  options: ChangelogStoreOptions,
  input: InputPartition,
  transactionTimeoutMs: number,
  signal: AbortSignal,
): Promise<TransactionSession[]> {
  const { connection } = options;
  const opening = Array.from({ length: IDS_PER_PARTITION }, (_, index) =>
    openTransactionSession({
      connection,
      transactionalId: idOf(options, input, index),
      transactionTimeoutMs,
      signal,
    }),
  );
  try {
    return await Promise.all(opening);
  } catch (error) {
    for (const each of opening) void each.then((session) => session.close()).catch(() => undefined);
    if (signal.aborted) throw signal.reason;
    const owner = { principal: connection.principal, transactionalId: idOf(options, input, 0) };
    const fault = toTransactionError(error, `taking over ${input.topic}[${input.partition}]`, owner);
    throw fault instanceof FencedError ? toKafkaError(fault.cause, fault.message) : fault;
  }
}
