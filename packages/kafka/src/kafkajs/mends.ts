/**
 * Mends of kafkajs 2.2.4, which has had no release since 2023. Each is applied to the loaded module, so that it holds however
 * the dependency was installed, and each is pinned by a test in `mends.test.ts`, which also fails when a new version has
 * no need of it. See docs/adr/0003-kafkajs-behind-ports.md.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
}
interface Emitter {
  emit(eventName: string, payload: object): void;
}
interface ConsumerGroup {
  readonly generationId: number;
  instrumentationEmitter: Emitter;
  commitOffsets(offsets: unknown): Promise<void>;
  joinAndSync(): Promise<void>;
}
interface Runner {
  readonly running: boolean;
  readonly consumerGroup: ConsumerGroup;
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

interface Prototype<T> {
  prototype: T;
}
interface Errors {
  KafkaJSNonRetriableError: new (message: string | Error) => Error;
}

const CHECK_PENDING_REQUESTS_INTERVAL_MS = 10;

/** Marks the error that stops a consumer whose committed offset is no longer on the topic. */
export const OFFSET_OUT_OF_RANGE = 'KafkaJSOffsetOutOfRangeStopped';

/**
 * The original re-arms a timer for ever, with a negative delay as soon as nothing is throttled: 4 % of a core when idle, and a
 * TimeoutNegativeWarning on Node 24 (tulios/kafkajs#1556, #1751). A check is only needed while requests wait.
 */
function mendIdleTimer(): void {
  const { prototype } = require('kafkajs/src/network/requestQueue') as Prototype<
    RequestQueue & { scheduleCheckPendingRequests(): void }
  >;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttledForMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledForMs > 0 ? throttledForMs : CHECK_PENDING_REQUESTS_INTERVAL_MS,
    );
  };
}

/** The original copies a partition's array for each message: quadratic in the size of a batch. */
function mendQuadraticGrouping(): void {
  const path = require.resolve('kafkajs/src/producer/groupMessagesPerPartition');
  require(path);
  const loaded = require.cache[path];
  if (loaded === undefined) throw new Error('kafkajs no longer has producer/groupMessagesPerPartition');
  loaded.exports = ({ topic, partitionMetadata, messages, partitioner }: Grouping) => {
    const groups: Record<number, object[]> = {};
    if (partitionMetadata.length === 0) return groups;
    for (const message of messages) {
      const partition = partitioner({ topic, partitionMetadata, message });
      (groups[partition] ??= []).push(message);
    }
    return groups;
  };
}

/**
 * The original logs an error, jumps to the latest offset and commits that: every record between is lost in silence. Here the
 * consumer stops with an error of its own name, which `group-consumer.ts` reports as `kafka.offset-out-of-range`.
 */
function mendSilentOffsetReset(): void {
  const { KafkaJSNonRetriableError } = require('kafkajs/src/errors') as Errors;
  const { prototype } = require('kafkajs/src/consumer/consumerGroup') as Prototype<{
    recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
  }>;
  prototype.recoverFromOffsetOutOfRange = function ({ topic, partition }): Promise<void> {
    const error = new KafkaJSNonRetriableError(`committed offset of ${topic}[${partition}] is out of range`);
    error.name = OFFSET_OUT_OF_RANGE;
    return Promise.reject(error);
  };
}

/**
 * The original retries a commit for as long as it takes, and after a rebalance does so with the new generation: a commit for a
 * partition that was lost in between is accepted and moves the offset backwards. One attempt, bound to its generation; the
 * commit loop of `group-consumer.ts` asks again with what it owns by then.
 */
function mendCommitAcrossGenerations(): void {
  const { KafkaJSNonRetriableError } = require('kafkajs/src/errors') as Errors;
  const { prototype } = require('kafkajs/src/consumer/runner') as Prototype<{
    commitOffsets(this: Runner, offsets: unknown): Promise<void>;
  }>;
  prototype.commitOffsets = function (this: Runner, offsets: unknown): Promise<void> {
    if (!this.running) return Promise.reject(new KafkaJSNonRetriableError('the consumer is not running'));
    return this.consumerGroup.commitOffsets(offsets);
  };
}

/**
 * The original tells that a group was joined, but not in which generation. A member that joined a generation and did not get its
 * assignment before the next one began would not know that its partitions were with somebody else in between.
 */
function mendUntoldGeneration(): void {
  const { events } = require('kafkajs/src/consumer/instrumentationEvents') as { events: { GROUP_JOIN: string } };
  const { prototype } = require('kafkajs/src/consumer/consumerGroup') as Prototype<ConsumerGroup>;
  const { joinAndSync } = prototype;
  const telling = new WeakSet<ConsumerGroup>();
  prototype.joinAndSync = function (this: ConsumerGroup): Promise<void> {
    if (!telling.has(this)) {
      telling.add(this);
      const emitter = this.instrumentationEmitter;
      this.instrumentationEmitter = {
        emit: (eventName, payload) => {
          emitter.emit(
            eventName,
            eventName === events.GROUP_JOIN ? { ...payload, generationId: this.generationId } : payload,
          );
        },
      };
    }
    return joinAndSync.call(this);
  };
}

/**
 * The original opens a socket for each of several requests that find the connection closed, and keeps the last: the others stay open for ever,
 * and with them the process.
 */
function mendLostSockets(): void {
  const pool = require('kafkajs/src/network/connectionPool') as Prototype<{
    readonly pool: readonly Connection[];
    getConnection(index?: number): Promise<Connection>;
  }>;
  const underWay = new WeakMap<Connection, Promise<unknown>>();
  pool.prototype.getConnection = async function (index = 0): Promise<Connection> {
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
  };
}

mendIdleTimer();
mendQuadraticGrouping();
mendSilentOffsetReset();
mendCommitAcrossGenerations();
mendUntoldGeneration();
mendLostSockets();
