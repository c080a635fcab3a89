/**
 * The cluster as the operations use it. `openCluster` (open-cluster.ts) gives the real one; tests run on
 * `createInMemoryCluster` (testing/in-memory-cluster.ts).
 */
import type {
  BrokerAddress,
  ClusterDescription,
  HeldPartition,
  HoldingTransaction,
  KafkaAdmin,
  TopicInspector,
  TransactionalProducer,
} from '@astrolabe/kafka';
import type { PartitionReader, RecordProducer, Topics } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';

export interface Cluster {
  /** Before the name of each topic, consumer group and transactional id. */
  readonly prefix: string;
  readonly topics: Topics;
  readonly admin: Omit<KafkaAdmin, 'close' | 'groupIds' | 'deleteTopics' | 'deleteGroups'>;
  readonly reader: Omit<PartitionReader, 'close'>;
  readonly inspector: Omit<TopicInspector, 'close'>;
  /** Brokers, and those of the topics that exist. Rejects with `kafka.unavailable` or `kafka.unauthorized`. */
  describe(topics: readonly string[]): Promise<ClusterDescription>;
  /** Highest level of each feature that the broker supports, by name. Rejects where it does not answer in time. */
  readBrokerFeatures(broker: BrokerAddress): Promise<ReadonlyMap<string, number>>;
  /** Who holds the partitions; what the brokers do not tell is left undefined. */
  findHoldingTransactions(partitions: readonly HeldPartition[]): Promise<readonly HoldingTransaction[]>;
  /** Takes the id over: an earlier owner commits nothing any more. The caller closes it. */
  openTransactionalProducer(transactionalId: string): Promise<TransactionalProducer>;
  /** For records of these topics, outside of transactions. The caller closes it. */
  openProducer(topics: readonly string[]): Promise<RecordProducer>;
}

/**
 * What every operation that takes time is given. `signal` ends it: the operation then rejects with the signal's reason.
 */
export interface OperationRun {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How far something that reads or sends has come. */
export interface ProgressSnapshot {
  readonly done: number;
  /** Undefined where the end is not known. */
  readonly total?: number;
  /** Share of the whole where that is not counted in what `done` counts. From 0 to 1. */
  readonly share?: number;
  /** What was done when the watching began, of work that others do. */
  readonly before?: { readonly done: number; readonly share: number };
}
