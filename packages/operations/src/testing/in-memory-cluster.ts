/**
 * A cluster in memory, for the fast tests of operations: topics, commits, transactions and topic ids, without a broker.
 */
import type { CommittedPosition, GroupPosition, TransactionalProducer } from '@astrolabe/kafka';
import {
  planTopics,
  topicsFor,
  type ConsumedRecord,
  type ExistingTopic,
  type PartitionOffsets,
  type TopicDefinition,
} from '@astrolabe/records';
import { createInMemoryLog, createInMemoryPartitionReader, type InMemoryLog } from '@astrolabe/records/in-memory';
import type { Cluster } from '../cluster/cluster.ts';

export interface InMemoryCluster extends Cluster {
  readonly log: InMemoryLog;
  /** Where a group is on a partition, with what it keeps beside the offset. */
  commit(groupId: string, topic: string, partition: number, position: Partial<CommittedPosition>): void;
  commitOf(groupId: string, topic: string, partition: number): bigint | undefined;
  /** As if the topic had been deleted and created again: positions that are stored belong to another one. */
  recreate(topic: string): void;
  topicIdOf(topic: string): string;
  /** An open transaction from an offset on. */
  hold(topic: string, partition: number, fromOffset: bigint): void;
  /** Topics as the brokers have them; each as declared until it is changed here. */
  readonly existing: Map<string, ExistingTopic>;
}

export interface InMemoryClusterOptions {
  /** Of every topic. Default 6. */
  readonly partitions?: number;
  /** That a read hands out at once. Default 100. */
  readonly maxRecords?: number;
  readonly nowMs?: () => number;
}

const BROKERS = [1, 2, 3].map((id) => ({ id, host: `broker-${id}`, port: 9092 }));
const REPLICAS = 3;
/** Of Kafka 4.2. */
const METADATA_LEVEL = 29;
/** https://kafka.apache.org/protocol.html#protocol_error_codes */
const UNKNOWN_TOPIC = 3;
const MAX_MESSAGE_BYTES = 1_048_588;

export function createInMemoryCluster(options: InMemoryClusterOptions = {}): InMemoryCluster {
  const { partitions = 6, maxRecords = 100, nowMs = () => 0 } = options;
  const brokers = new Brokers(createInMemoryLog({ partitions, nowMs, maxRecordBytes: 2_000_000 }), partitions);
  const { log, existing } = brokers;
  return {
    prefix: '',
    topics: brokers.topics,
    log,
    existing,
    admin: adminOf(brokers),
    reader: createInMemoryPartitionReader(
      { records: (topic) => log.records(topic), offsets: (topic, partition) => brokers.offsetsOf(topic, partition) },
      { partitions, maxRecords },
    ),
    inspector: {
      describe: async (names) =>
        names.map((name) => ({
          name,
          errorCode: existing.has(name) ? 0 : UNKNOWN_TOPIC,
          topicId: brokers.topicIdOf(name),
          partitions,
          allowedOperations: undefined,
        })),
    },
    describe: async (names) => ({
      clusterId: 'in-memory',
      controllerId: 1,
      brokers: BROKERS,
      topics: names.flatMap((name) => {
        const topic = existing.get(name);
        if (topic === undefined) return [];
        const described = Array.from({ length: topic.partitions }, (_, partition) => {
          return { partition, leader: 1, replicas: REPLICAS, inSyncReplicas: REPLICAS };
        });
        return [{ name, partitions: described, config: topic.config }];
      }),
    }),
    readBrokerFeatures: async () => new Map([['metadata.version', METADATA_LEVEL]]),
    findHoldingTransactions: async (held) =>
      held.map((each) => ({ ...each, producerId: 7n, transactionalId: 'someone' })),
    openTransactionalProducer: async (transactionalId) => brokers.openTransactionalProducer(transactionalId),
    // Who closes theirs closes nobody else's.
    openProducer: async () => ({ send: log.send, close: async () => undefined }),
    commit: (groupId, topic, partition, { nextOffset = 0n, topicId, metadata = '' }) => {
      brokers.commitsOf(groupId, topic).set(partition, { nextOffset, topicId, metadata });
    },
    commitOf: (groupId, topic, partition) => brokers.commitsOf(groupId, topic).get(partition)?.nextOffset,
    recreate: (topic) => brokers.recreate(topic),
    topicIdOf: (topic) => brokers.topicIdOf(topic),
    hold: (topic, partition, fromOffset) => brokers.hold(topic, partition, fromOffset),
  };
}

class Brokers {
  readonly topics = topicsFor('');
  readonly existing = new Map(Object.values(this.topics).map((topic) => [topic.name, asDeclared(topic)]));
  readonly log: InMemoryLog;
  readonly numbers: readonly number[];
  readonly #held = new Map<string, bigint>();
  readonly #commits = new Map<string, Map<number, CommittedPosition>>();
  readonly #owners = new Map<string, symbol>();
  readonly #recreated = new Map<string, number>();

  constructor(log: InMemoryLog, partitions: number) {
    this.log = log;
    this.numbers = Array.from({ length: partitions }, (_, partition) => partition);
  }

  recordsOf(topic: string, partition: number): readonly ConsumedRecord[] {
    return this.log.records(topic).filter((record) => record.partition === partition);
  }

  offsetsOf(topic: string, partition: number): PartitionOffsets {
    const highWatermark = BigInt(this.recordsOf(topic, partition).length);
    const lastStableOffset = this.#held.get(`${topic}:${partition}`) ?? highWatermark;
    return { lowWatermark: 0n, lastStableOffset, highWatermark };
  }

  hold(topic: string, partition: number, fromOffset: bigint): void {
    this.#held.set(`${topic}:${partition}`, fromOffset);
  }

  commitsOf(groupId: string, topic: string): Map<number, CommittedPosition> {
    const name = `${groupId} ${topic}`;
    const found = this.#commits.get(name) ?? new Map<number, CommittedPosition>();
    this.#commits.set(name, found);
    return found;
  }

  recreate(topic: string): void {
    this.#recreated.set(topic, (this.#recreated.get(topic) ?? 0) + 1);
  }

  /** 22 characters of base64url, as Kafka prints ids. */
  topicIdOf(topic: string): string {
    const text = `${topic}:${this.#recreated.get(topic) ?? 0}`;
    return Buffer.from(text.padStart(16).slice(-16)).toString('base64url');
  }

  openTransactionalProducer(transactionalId: string): TransactionalProducer {
    const self = Symbol(transactionalId);
    this.#owners.set(transactionalId, self);
    return {
      commit: async (parts, position) => {
        if (this.#owners.get(transactionalId) !== self) return { kind: 'fenced' };
        for (const { topic, records } of parts) await this.log.send(topic, records);
        if (position !== undefined) this.#move(position);
        return { kind: 'committed' };
      },
      close: async () => undefined,
    };
  }

  #move({ groupId, topic, nextOffsets }: GroupPosition): void {
    for (const [partition, nextOffset] of nextOffsets) {
      this.commitsOf(groupId, topic).set(partition, { nextOffset, topicId: undefined, metadata: '' });
    }
  }
}

function adminOf(brokers: Brokers): Cluster['admin'] {
  const { existing, numbers, topics } = brokers;
  return {
    planTopics: async (declared, replicationFactor) => planTopics(declared, [...existing.values()], replicationFactor),
    applyTopics: async ({ create, addPartitions }) => {
      const names = new Set([...create, ...addPartitions].map(({ name }) => name));
      for (const topic of Object.values(topics)) {
        if (names.has(topic.name)) existing.set(topic.name, asDeclared(topic));
      }
    },
    maxMessageBytes: async () => MAX_MESSAGE_BYTES,
    accessRules: async () => undefined,
    watermarks: async (topic) =>
      numbers.map((partition) => {
        const { lowWatermark, highWatermark } = brokers.offsetsOf(topic, partition);
        return { partition, lowWatermark, highWatermark };
      }),
    offsetsAt: async (topic, timestampMs) =>
      new Map(
        numbers.map((partition) => {
          const records = brokers.recordsOf(topic, partition);
          const first = records.find((record) => record.timestampMs >= timestampMs);
          return [partition, first?.offset ?? BigInt(records.length)];
        }),
      ),
    commits: async (groupId, topic) => brokers.commitsOf(groupId, topic),
    setOffsets: async (groupId, topic, offsets) => {
      for (const [partition, nextOffset] of offsets) {
        brokers.commitsOf(groupId, topic).set(partition, { nextOffset, topicId: undefined, metadata: '' });
      }
    },
  };
}

function asDeclared(topic: TopicDefinition): ExistingTopic {
  const [created] = planTopics([topic], [], REPLICAS).create;
  if (created === undefined) throw new Error(`${topic.name} is not planned`);
  const { name, partitions, config } = created;
  return { name, partitions, config, hasHeldRecords: false };
}
