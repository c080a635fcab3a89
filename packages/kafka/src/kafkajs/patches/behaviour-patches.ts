/**
 * Patches of what kafkajs 2.2.4 does wrong. Each is pinned by a test in `behaviour-patches.test.ts`, which also fails
 * when a new version has no need of it.
 */
import { createRequire } from 'node:module';
import { replaceExport, replaceMethods, type Patch } from './patch.ts';

const require = createRequire(import.meta.url);

interface ConsumerGroup {
  commitOffsets(offsets: unknown): Promise<void>;
  recoverFromOffsetOutOfRange(error: { readonly topic: string; readonly partition: number }): Promise<void>;
}
interface Runner {
  readonly running: boolean;
  readonly consumerGroup: ConsumerGroup;
  commitOffsets(offsets: unknown): Promise<void>;
}
interface PartitionerArguments {
  topic: string;
  partitionMetadata: readonly unknown[];
  message: object;
}
interface Grouping extends Omit<PartitionerArguments, 'message'> {
  messages: readonly object[];
  partitioner: (args: PartitionerArguments) => number;
}

interface Connection {
  isConnected(): boolean;
  connect(): Promise<unknown>;
}
interface ConnectionPool {
  readonly pool: readonly Connection[];
  getConnection(index?: number): Promise<Connection>;
}

interface Errors {
  KafkaJSNonRetriableError: new (message: string | Error) => Error;
}

/** Marks the error that stops a consumer whose committed offset is no longer on the topic. */
export const OFFSET_OUT_OF_RANGE = 'KafkaJSOffsetOutOfRangeStopped';

/** The original copies a partition's array for each message: quadratic in the size of a batch. */
export function groupInLinearTime(): Patch {
  type Group = (grouping: Grouping) => Record<number, object[]>;
  return replaceExport<Group>('producer/groupMessagesPerPartition', () => (grouping) => {
    const { topic, partitionMetadata, messages, partitioner } = grouping;
    const groups: Record<number, object[]> = {};
    if (partitionMetadata.length === 0) return groups;
    for (const message of messages) {
      const partition = partitioner({ topic, partitionMetadata, message });
      (groups[partition] ??= []).push(message);
    }
    return groups;
  });
}

/**
 * The original logs an error, jumps to the latest offset and commits that: every record between is lost in silence.
 * Here the consumer stops with an error of its own name, which `group-consumer.ts` reports as
 * `kafka.offset-out-of-range`.
 */
export function stopAtLostOffsets(): Patch {
  const { KafkaJSNonRetriableError } = require('kafkajs/src/errors') as Errors;
  return replaceMethods<ConsumerGroup>('consumer/consumerGroup', () => ({
    recoverFromOffsetOutOfRange: ({ topic, partition }) => {
      const error = new KafkaJSNonRetriableError(`committed offset of ${topic}[${partition}] is out of range`);
      error.name = OFFSET_OUT_OF_RANGE;
      return Promise.reject(error);
    },
  }));
}

/**
 * The original retries a commit for as long as it takes, and after a rebalance does so with the new generation: a
 * commit for a partition that was lost in between is accepted and moves the offset backwards. One attempt, bound to its
 * generation; the commit loop of `group-consumer.ts` asks again with what it owns by then.
 */
export function bindCommitsToTheirGeneration(): Patch {
  const { KafkaJSNonRetriableError } = require('kafkajs/src/errors') as Errors;
  return replaceMethods<Runner>('consumer/runner', () => ({
    commitOffsets: function (this: Runner, offsets: unknown): Promise<void> {
      if (!this.running) return Promise.reject(new KafkaJSNonRetriableError('the consumer is not running'));
      return this.consumerGroup.commitOffsets(offsets);
    },
  }));
}

/**
 * The original opens a socket for each of several requests that find the connection closed, and keeps the last: the
 * others stay open, and keep the process alive.
 */
export function keepSockets(): Patch {
  const underWay = new WeakMap<Connection, Promise<unknown>>();
  return replaceMethods<ConnectionPool>('network/connectionPool', () => ({
    getConnection: async function (this: ConnectionPool, index = 0): Promise<Connection> {
      const connection = this.pool[index];
      if (connection === undefined) throw new RangeError(`a pool has no connection ${index}`);
      if (connection.isConnected()) return connection;
      let connecting = underWay.get(connection);
      if (connecting === undefined) {
        connecting = connection.connect().finally(() => underWay.delete(connection));
        underWay.set(connection, connecting);
      }
      await connecting;
      return connection;
    },
  }));
}
