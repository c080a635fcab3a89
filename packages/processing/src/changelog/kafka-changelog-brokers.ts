/** The brokers that a changelog is kept on, by the raw requests of packages/kafka. */
import type { KafkaConnection } from '@astrolabe/kafka';
import {
  cutIntoRequests,
  openTransactionSession,
  placeRecords,
  type TransactionSession,
} from '@astrolabe/kafka/internal';
import type { PartitionReader, TopicRecord } from '@astrolabe/records';
import type { ChangelogBrokers, TransactionalId } from './changelog-brokers.ts';

export interface KafkaChangelogBrokersOptions {
  readonly connection: KafkaConnection;
  /** The caller's. */
  readonly reader: PartitionReader;
  readonly changelogTopic: string;
  readonly transactionTimeoutMs: number;
  readonly maxRequestBytes: number;
}

export function createKafkaChangelogBrokers(options: KafkaChangelogBrokersOptions): ChangelogBrokers {
  const { connection, reader, changelogTopic: topic, transactionTimeoutMs } = options;
  return {
    takeOverId: async (transactionalId, signal) => {
      const session = await openTransactionSession({ connection, transactionalId, transactionTimeoutMs, signal });
      return new KafkaTransactionalId(session, options);
    },
    offsets: (partition) => reader.offsets(topic, partition),
    read: (range) => reader.read({ topic, ...range }),
  };
}

class KafkaTransactionalId implements TransactionalId {
  readonly #session: TransactionSession;
  readonly #options: KafkaChangelogBrokersOptions;

  constructor(session: TransactionSession, options: KafkaChangelogBrokersOptions) {
    this.#session = session;
    this.#options = options;
  }

  async store(records: readonly TopicRecord[], earlier: Promise<unknown>): Promise<void> {
    await this.#session.lookUp(new Set(records.map(({ topic }) => topic)));
    // Their sizes were checked before they came to share a transaction.
    const placed = placeRecords(records, (topic) => this.#session.leadersOf(topic), Number.POSITIVE_INFINITY);
    await this.#session.add(placed);
    await earlier;
    await this.#session.produce(cutIntoRequests(placed, this.#options.maxRequestBytes));
  }

  commit(): Promise<void> {
    return this.#session.end(true);
  }

  abort(): Promise<void> {
    return this.#session.end(false);
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
