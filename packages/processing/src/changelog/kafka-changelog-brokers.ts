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
  readonly maxRecordBytes: number;
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
    const { maxRecordBytes, maxRequestBytes } = this.#options;
    await this.#session.lookUp(new Set(records.map(({ topic }) => topic)));
    const placed = placeRecords(records, (topic) => this.#session.leadersOf(topic), maxRecordBytes);
    await this.#session.add(placed);
    await earlier;
    await this.#session.produce(cutIntoRequests(placed, maxRequestBytes));
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
