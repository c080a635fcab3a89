/**
 * What the owners of partitions need of the brokers. `createKafkaChangelogBrokers` asks real ones,
 * `InMemoryChangelogBrokers` (testing) is a model of them.
 */
import type { ConsumedRecord, PartitionOffsets, TopicRecord } from '@astrolabe/records';

/**
 * A transactional id that was taken over: its former owner can commit nothing more, and its open transaction is
 * aborted. Used for one transaction at a time. After any rejection nobody knows where the transaction stands: only
 * another takeover of the id decides it.
 */
export interface TransactionalId {
  /** Begins a transaction with these records. Nothing of them is stored before `earlier` has resolved. */
  store(records: readonly TopicRecord[], earlier: Promise<unknown>): Promise<void>;
  /** Resolves when it is certain that the records become visible. Rejects with `FencedError` where they never will. */
  commit(): Promise<void>;
  /** Ends what is open, if anything is. */
  abort(): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
}

export interface ChangelogRange {
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
  /** `all`: open and aborted transactions too. */
  readonly isolation: 'committed' | 'all';
  /** As of `PartitionRange`. */
  readonly onRecords: (records: readonly ConsumedRecord[], nextOffset: bigint) => void | Promise<void>;
  readonly signal: AbortSignal;
}

export interface ChangelogBrokers {
  takeOverId(transactionalId: string, signal: AbortSignal): Promise<TransactionalId>;
  /** Of the changelog topic's partition. */
  offsets(partition: number): Promise<PartitionOffsets>;
  /** As `PartitionReader.read`, of the changelog topic's partition. */
  read(range: ChangelogRange): Promise<bigint>;
}
