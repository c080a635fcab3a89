/**
 * One partition's offsets and bytes, asked of its leader through kafkajs's own cluster, which it keeps private: its
 * consumer reads for groups only. The integration tests of the partition reader pin what is used here. The protocol:
 * https://kafka.apache.org/protocol#The_Messages_Fetch (version 11, of Kafka 2.3 and later).
 */
import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';

const require = createRequire(import.meta.url);

/** What a broker can do, by API key. */
export type ApiVersions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
>;
export interface Broker {
  readonly versions: ApiVersions;
  readonly connectionPool: ConnectionPool;
  listOffsets(request: {
    replicaId: number;
    isolationLevel: number;
    topics: readonly object[];
  }): Promise<{ responses: readonly { partitions: readonly { offset: string }[] }[] }>;
  describeConfigs(request: {
    resources: readonly { readonly type: number; readonly name: string; readonly configNames: readonly string[] }[];
  }): Promise<{
    resources: readonly { configEntries: readonly { configName: string; configValue: string | null }[] }[];
  }>;
}
interface Connection {
  readonly socket?: { destroy(): void } | null;
  rejectRequests(error: Error): void;
  disconnect(): Promise<unknown>;
}
interface ConnectionPool {
  readonly pool: readonly Connection[];
  getConnection(index: number): Promise<unknown>;
  send(protocol: object): Promise<unknown>;
}
interface PooledBroker {
  /** Null before it is connected to. */
  readonly versions: ApiVersions | null;
  readonly connectionPool: ConnectionPool;
}
/** As much of kafkajs's Cluster as is used here. */
export interface Cluster {
  connect(): Promise<void>;
  /** Known topics are not asked for again. */
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { nodeId: string }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
  readonly brokerPool: {
    readonly brokers: Readonly<Record<string, PooledBroker>>;
    readonly seedBroker?: PooledBroker | undefined;
  };
}
interface ClusterOptions {
  readonly metadataMaxAge?: number;
  readonly allowAutoTopicCreation: boolean;
  readonly isolationLevel?: number;
}
type CreateCluster = (options: ClusterOptions) => Cluster;

export const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  createErrorFromCode(code: number): Error;
};
const fetchRequest = require('kafkajs/src/protocol/requests/fetch/v11/request') as (request: object) => object;

const CREATE_CLUSTER = 'private:Kafka:createCluster';
const METADATA_MAX_AGE_MS = 300_000;

export function createCluster(client: Kafka): Cluster {
  const { create } = clusterFactoryOf(client);
  return create({ metadataMaxAge: METADATA_MAX_AGE_MS, allowAutoTopicCreation: false });
}

/**
 * Makes the admin of this one client ask for high watermarks. kafkajs has no option for it, and its default is the last
 * stable offset: what is acknowledged, but behind a transaction whose markers are still on their way, would be missed
 * by all that reads to the end.
 */
export function askForHighWatermarks(client: Kafka): void {
  const { clusters, key, create } = clusterFactoryOf(client);
  clusters[key] = (options) => create({ ...options, isolationLevel: ISOLATION_LEVELS.all });
}

function clusterFactoryOf(client: Kafka) {
  const key = Object.getOwnPropertySymbols(client).find(({ description }) => description === CREATE_CLUSTER);
  const clusters = client as unknown as Record<symbol, CreateCluster | undefined>;
  const create = key === undefined ? undefined : clusters[key];
  if (key === undefined || create === undefined) throw new Error('kafkajs no longer makes its clusters in the client');
  return { clusters, key, create };
}

/**
 * Ends all of its connections at once. kafkajs's own way waits for the answers that are due, and a frozen broker gives
 * none.
 */
export function abandonCluster({ brokerPool: { brokers, seedBroker } }: Cluster): void {
  const abandoned = createErrorFromCode(REQUEST_TIMED_OUT);
  for (const { connectionPool } of [...Object.values(brokers), ...(seedBroker === undefined ? [] : [seedBroker])]) {
    for (const connection of connectionPool.pool) {
      connection.rejectRequests(abandoned);
      connection.disconnect().catch(() => undefined);
      connection.socket?.destroy();
    }
  }
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface FetchOptions {
  readonly offset: bigint;
  /** `committed` ends at the last stable offset, `all` at the high watermark. */
  readonly isolation: Isolation;
  /** Of the answer; a batch that is larger comes whole. */
  readonly maxBytes: number;
  /** How long the broker waits for a first byte. */
  readonly maxWaitMs: number;
}

/** What a partition's leader answered. `records` are whole record batches, then perhaps a part of one. */
export interface FetchedPartition {
  readonly errorCode: number;
  readonly lastStableOffset: bigint;
  /** In the order in which they ended. */
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly records: Buffer;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

interface DecodedFetch {
  /** kafkajs holds the next requests of the connection back for so long. */
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  /** Undefined where a quota made the broker answer without data. */
  readonly partition: FetchedPartition | undefined;
}

export type Isolation = 'all' | 'committed';

const FETCH_API_KEY = 1;
const FETCH_VERSION = 11;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const REQUEST_TIMED_OUT = 7;
const UNSUPPORTED_VERSION = 35;
const OFFSET_OUT_OF_RANGE = 1;
const ISOLATION_LEVELS = { all: 0, committed: 1 } as const;

/** The broker that leads the partition, as far as the metadata tells; rejects with a kafkajs error. */
export async function leaderOf(cluster: Cluster, { topic, partition }: TopicPartition): Promise<Broker> {
  await cluster.connect();
  await cluster.addTargetTopic(topic);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw createErrorFromCode(UNKNOWN_TOPIC_OR_PARTITION);
  return cluster.findBroker({ nodeId });
}

export type FetchResponse =
  | { readonly kind: 'fetched'; readonly partition: FetchedPartition }
  /** The offset is below the low watermark or beyond the high watermark. */
  | { readonly kind: 'out-of-range' }
  /** A quota is used up. kafkajs delays the next request. */
  | { readonly kind: 'throttled' };

/** Asks once; rejects with a kafkajs error, retriable ones included. */
export async function fetchPartition(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  { offset, isolation, maxBytes, maxWaitMs }: FetchOptions,
): Promise<FetchResponse> {
  const broker = await leaderOf(cluster, { topic, partition });
  const supported = broker.versions[FETCH_API_KEY];
  if (supported === undefined || supported.minVersion > FETCH_VERSION || supported.maxVersion < FETCH_VERSION) {
    throw createErrorFromCode(UNSUPPORTED_VERSION);
  }
  const request = fetchRequest({
    replicaId: -1,
    isolationLevel: ISOLATION_LEVELS[isolation],
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions: [{ partition, fetchOffset: offset.toString(), maxBytes }] }],
  });
  const response = (await broker.connectionPool.send({ request, response: codec })) as DecodedFetch;
  const errorCode = response.errorCode === 0 ? response.partition?.errorCode : response.errorCode;
  if (errorCode === OFFSET_OUT_OF_RANGE) return { kind: 'out-of-range' };
  if (errorCode !== undefined && errorCode !== 0) throw createErrorFromCode(errorCode);
  return response.partition === undefined ? { kind: 'throttled' } : { kind: 'fetched', partition: response.partition };
}

const EARLIEST = -2;
const LATEST = -1;

/** `lastStableOffset`: where reading what is committed ends. Rejects with a kafkajs error. */
export async function fetchOffsets(cluster: Cluster, { topic, partition }: TopicPartition) {
  const broker = await leaderOf(cluster, { topic, partition });
  const ask = async (timestamp: number, isolation: Isolation): Promise<bigint> => {
    const { responses } = await broker.listOffsets({
      replicaId: -1,
      isolationLevel: ISOLATION_LEVELS[isolation],
      topics: [{ topic, partitions: [{ partition, timestamp }] }],
    });
    const offset = responses[0]?.partitions[0]?.offset;
    if (offset === undefined) throw createErrorFromCode(UNKNOWN_TOPIC_OR_PARTITION);
    return BigInt(offset);
  };
  // In this order, in which a leader answers a connection's requests: what is written meanwhile cannot put one beyond
  // the next.
  const [lowWatermark, lastStableOffset, highWatermark] = await Promise.all([
    ask(EARLIEST, 'all'),
    ask(LATEST, 'committed'),
    ask(LATEST, 'all'),
  ]);
  return { lowWatermark, lastStableOffset, highWatermark };
}

const codec = {
  decode: async (payload: Buffer) => parseFetchResponse(payload),
  parse: async (response: DecodedFetch) => response,
};

/** A fetch response of version 11 for one partition. The records are a view of `bytes`, not decoded. */
export function parseFetchResponse(bytes: Buffer): DecodedFetch {
  let at = 0;
  const int16 = (): number => bytes.readInt16BE((at += 2) - 2);
  const int32 = (): number => bytes.readInt32BE((at += 4) - 4);
  const int64 = (): bigint => bytes.readBigInt64BE((at += 8) - 8);

  const clientSideThrottleTime = int32();
  const errorCode = int16();
  int32(); // session
  if (int32() <= 0) return { clientSideThrottleTime, errorCode, partition: undefined };
  const topicBytes = int16();
  at += topicBytes;
  if (int32() <= 0) return { clientSideThrottleTime, errorCode, partition: undefined };
  int32(); // partition
  const partitionErrorCode = int16();
  int64(); // high watermark
  const lastStableOffset = int64();
  int64(); // log start offset
  const abortedCount = int32();
  const abortedTransactions: AbortedTransaction[] = [];
  for (let index = 0; index < abortedCount; index += 1) {
    abortedTransactions.push({ producerId: int64(), firstOffset: int64() });
  }
  int32(); // preferred read replica
  const recordBytes = int32();
  const records = bytes.subarray(at, at + Math.max(0, recordBytes));
  return {
    clientSideThrottleTime,
    errorCode,
    partition: { errorCode: partitionErrorCode, lastStableOffset, abortedTransactions, records },
  };
}
