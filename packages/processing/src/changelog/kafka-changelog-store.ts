/**
 * The log of a stateful processor's work on the brokers, under either guarantee. See
 * docs/adr/0019-one-transaction-for-all-partitions.md.
 */
import { randomUUID } from 'node:crypto';
import { createPartitionReader, createRecordProducer, readLastRecords, type KafkaConnection } from '@astrolabe/kafka';
import { DEFAULT_MAX_RECORD_BYTES, DEFAULT_MAX_REQUEST_BYTES, type SizeLimits } from '@astrolabe/kafka/internal';
import { clientOf, toKafkaError } from '@astrolabe/kafka/internal';
import type {
  ChangelogStore,
  CommittedOffset,
  InputPartition,
  PartitionReader,
  RecordProducer,
} from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { createAtLeastOnceWriter } from './at-least-once-writer.ts';
import { createKafkaChangelogBrokers } from './kafka-changelog-brokers.ts';
import { OwnedChangelog } from './owned-changelog.ts';

/**
 * `exactly-once`: outputs, state and position are one transaction, and only the owner of a partition can commit one.
 * `at-least-once`: one after the other, each acknowledged; a crash repeats the last batches, and a process that lost
 * its partition without noticing may still write.
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
   * takes its partitions over before. Default 60,000.
   */
  readonly transactionTimeoutMs?: number;
  /** How long a takeover waits for a predecessor that may be about to leave. Default 1,000. */
  readonly graceMs?: number;
  /**
   * Part of the transactional ids. Processes that work at once need different ones; a process that follows a dead one
   * under its name need not wait for it. Default: a random one.
   */
  readonly instance?: string | undefined;
  /**
   * Given, the store is open once it has done what the first takeover of a process begins with: taken its transactional
   * ids over, connected to the leaders, and read from them. Live records would wait for that.
   */
  readonly firstTakeovers?: FirstTakeovers;
}

/** What the process may be assigned. A partition that cannot be read yet is left out. */
export interface FirstTakeovers {
  readonly inputTopic: string;
  readonly partitions: number;
  readonly signal: AbortSignal;
}

const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;
const DEFAULT_GRACE_MS = 1_000;
/** Of a process, used in turns; of each partition, before processes had ids of their own. */
const IDS_IN_TURNS = 2;

/**
 * Connects. Rejects with `kafka.unavailable` when no broker can be reached; where first takeovers are prepared, also as
 * `ChangelogStore.takeOver` does.
 */
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
  const readState: ChangelogStore['readState'] = async (partition, onRecords, signal) => {
    await reader.read({ topic: changelogTopic, partition, signal, onRecords });
  };
  const partitions =
    producer === undefined
      ? ownedPartitions(options, reader, { maxRequestBytes, maxRecordBytes })
      : sharedPartitions(changelogTopic, producer, readState);
  const store: ChangelogStore = {
    groupId,
    changelogTopic,
    takeOver: (input, onRecords, signal) => partitions.takeOver(input, onRecords, signal),
    readState,
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
      await partitions.close();
      await Promise.all([producer?.close(), reader.close(), admin.disconnect().catch(() => undefined)]);
    },
  };
  if (options.firstTakeovers === undefined) return store;
  try {
    await Promise.all([
      partitions.prepare(options.firstTakeovers.signal),
      prepareReads(store, reader, options.firstTakeovers),
    ]);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Reads from every partition, since the group may assign any of them to this process. */
async function prepareReads(
  { changelogTopic, committedOffset }: ChangelogStore,
  reader: PartitionReader,
  { inputTopic: topic, partitions, signal }: FirstTakeovers,
): Promise<void> {
  await Promise.all([
    committedOffset({ topic, partition: 0 }),
    ...[changelogTopic, topic].map((each) => readLastRecords(reader, { topic: each, partitions, signal })),
  ]);
}

interface Partitions extends Pick<ChangelogStore, 'takeOver' | 'close'> {
  /** What needs no partition to be done for its takeover. */
  prepare(signal: AbortSignal): Promise<void>;
}

function ownedPartitions(
  options: ChangelogStoreOptions,
  reader: PartitionReader,
  { maxRequestBytes, maxRecordBytes }: { readonly maxRequestBytes: number; readonly maxRecordBytes: number },
): Partitions {
  const { connection, groupId, changelogTopic, instance = randomUUID() } = options;
  const transactionTimeoutMs = options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS;
  const inTurns = (name: string): string[] => Array.from({ length: IDS_IN_TURNS }, (_, turn) => `${name}-${turn}`);
  return new OwnedChangelog({
    brokers: createKafkaChangelogBrokers({ connection, reader, changelogTopic, transactionTimeoutMs, maxRequestBytes }),
    groupId,
    changelogTopic,
    principal: connection.principal,
    transactionalIds: inTurns(`${groupId}-${instance}`),
    earlierIdsOf: ({ topic, partition }: InputPartition) => inTurns(`${groupId}-${topic}-${partition}`),
    maxRecordBytes,
    graceMs: options.graceMs ?? DEFAULT_GRACE_MS,
    newOwnerName: randomUUID,
    clock: systemClock,
  });
}

function sharedPartitions(
  changelogTopic: string,
  producer: RecordProducer,
  readState: ChangelogStore['readState'],
): Partitions {
  return {
    takeOver: async ({ partition }, onRecords, signal) => {
      await readState(partition, onRecords, signal);
      return { kind: 'owned', writer: createAtLeastOnceWriter(producer, changelogTopic) };
    },
    prepare: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
