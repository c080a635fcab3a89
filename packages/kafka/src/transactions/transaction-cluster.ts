/**
 * The requests of a transaction, sent with kafkajs's protocol layer but without its producer. That producer looks up
 * the coordinator before each request, cannot begin a transaction before it has records, and after a failure continues
 * with sequence numbers that may be wrong.
 */
import type { OutgoingRecord } from '@astrolabe/records';
import { clientOf, type KafkaConnection, type RetryOptions } from '../connection.ts';
import { createCluster } from '../kafkajs/protocol/fetch-partition.ts';

/** Records of a partition in one request. `firstSequence` numbers them for the broker. */
export interface PartitionBatch {
  readonly partition: number;
  readonly firstSequence: number;
  readonly messages: readonly OutgoingRecord[];
}

interface Transactional {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** A broker of kafkajs's; every method is one request and rejects with what the broker refused. */
export interface TransactionBroker {
  initProducerId(request: {
    readonly transactionalId: string;
    readonly transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  addPartitionsToTxn(
    request: Transactional & {
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
    },
  ): Promise<unknown>;
  produce(
    request: Transactional & {
      readonly acks: -1;
      readonly timeout: number;
      readonly topicData: readonly { readonly topic: string; readonly partitions: readonly PartitionBatch[] }[];
    },
  ): Promise<unknown>;
  addOffsetsToTxn(request: Transactional & { readonly groupId: string }): Promise<unknown>;
  txnOffsetCommit(
    request: Transactional & {
      readonly groupId: string;
      readonly topics: readonly {
        readonly topic: string;
        readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
      }[];
    },
  ): Promise<unknown>;
  endTxn(request: Transactional & { readonly transactionResult: boolean }): Promise<unknown>;
}

/** kafkajs's own view of a cluster, with connections of its own. */
export interface TransactionCluster {
  connect(): Promise<void>;
  /** Waits for requests under way. */
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[];
  findBroker(broker: { readonly nodeId: number }): Promise<TransactionBroker>;
  findGroupCoordinator(coordinator: {
    readonly groupId: string;
    readonly coordinatorType: number;
  }): Promise<TransactionBroker>;
}

const RETRY: RetryOptions = { initialRetryTime: 50, maxRetryTime: 500, retries: 5 };

/** Not connected yet. */
export function createTransactionCluster(connection: KafkaConnection): TransactionCluster {
  return createCluster(clientOf(connection, RETRY)) as unknown as TransactionCluster;
}
