/** Topics and offsets of a cluster, as an operator sees them. */
import {
  planTopics,
  splitTopicId,
  type AccessRule,
  type ExistingTopic,
  type TopicDefinition,
  type TopicId,
  type TopicPlan,
} from '@astrolabe/records';
import { present } from '@astrolabe/service-kit/errors';
import { clientOf, type KafkaConnection } from '../connection.ts';
import { toKafkaError, type AccessContext } from '../kafka-errors.ts';
import { askForHighWatermarks } from '../kafkajs/protocol/fetch-partition.ts';
import { ConfigResourceTypes, type Admin } from '../kafkajs/index.ts';
import { readAccessRules } from './access-rules.ts';
import { applyTopics } from './apply-topics.ts';
import { findPresentTopics } from './present-topics.ts';

/** First offset on a partition and the one after its last record, which may be part of an open transaction. */
export interface PartitionWatermarks {
  readonly partition: number;
  readonly lowWatermark: bigint;
  readonly highWatermark: bigint;
}

/** A commit of a group for one partition. */
export interface CommittedPosition {
  readonly nextOffset: bigint;
  /** Of the topic that was committed for; undefined where the commit does not say. */
  readonly topicId: TopicId;
  /** What else was kept with the commit; empty where that is nothing. */
  readonly metadata: string;
}

export interface KafkaAdmin {
  /** What would have to change for the cluster to have `topics`. Changes nothing. */
  planTopics(topics: readonly TopicDefinition[], replicationFactor: number): Promise<TopicPlan>;
  /** Carries a plan out: creates topics, adds partitions, sets configuration. Never deletes or shrinks. */
  applyTopics(plan: TopicPlan): Promise<void>;
  /** Of a record batch that the topic takes, in bytes: its own setting or the brokers'. */
  maxMessageBytes(topic: string): Promise<number>;
  watermarks(topic: string): Promise<readonly PartitionWatermarks[]>;
  /**
   * First offset at or after a time, of open transactions too, for each partition; the high watermark where none is. A
   * time before 1970 is the beginning.
   */
  offsetsAt(topic: string, timestampMs: number): Promise<ReadonlyMap<number, bigint>>;
  /** What a group has committed, with what was kept beside it; partitions without a commit are absent. */
  commits(groupId: string, topic: string): Promise<ReadonlyMap<number, CommittedPosition>>;
  /** Moves a group's offsets. Refused by the broker while the group has members. */
  setOffsets(groupId: string, topic: string, offsets: ReadonlyMap<number, bigint>): Promise<void>;
  /** What the brokers' authorizer allows and denies; undefined where they have none, so that everybody may do all. */
  accessRules(): Promise<readonly AccessRule[] | undefined>;
  /** Every consumer group that the cluster knows. */
  groupIds(): Promise<readonly string[]>;
  deleteTopics(names: readonly string[]): Promise<void>;
  deleteGroups(groupIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Connects; rejects with `kafka.unavailable` when no broker can be reached. */
export async function createKafkaAdmin(connection: KafkaConnection): Promise<KafkaAdmin> {
  const client = clientOf(connection);
  askForHighWatermarks(client);
  const admin = client.admin({ retry: { initialRetryTime: 100, retries: 5 } });
  await attempt('connecting', () => admin.connect());
  const { principal } = connection;
  const reading = (topic: string): AccessContext => ({
    principal,
    topics: [{ operation: 'Describe', resourceType: 'topic', resource: topic }],
  });
  const asking = (groupId: string, topic: string): AccessContext => ({
    ...reading(topic),
    groupId,
    groupOperation: 'Describe',
  });
  return {
    planTopics: (topics, replicationFactor) =>
      attempt('describing topics', async () =>
        planTopics(topics, await describeExisting(connection, admin, topics), replicationFactor),
      ),
    applyTopics: (plan) => attempt('applying topics', () => applyTopics(connection, admin, plan)),
    maxMessageBytes: (topic) =>
      attempt('reading the settings of a topic', () => readMaxMessageBytes(admin, topic), {
        principal,
        topics: [{ operation: 'DescribeConfigs', resourceType: 'topic', resource: topic }],
      }),
    watermarks: (topic) => attempt('reading watermarks', () => readWatermarks(admin, topic), reading(topic)),
    offsetsAt: (topic, timestampMs) =>
      attempt(
        'looking up offsets by time',
        async () =>
          // Negative times have meanings of their own in the request: -1 the end, -2 the beginning, others are refused.
          toOffsetMap(await admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, Math.floor(timestampMs)))),
        reading(topic),
      ),
    commits: (groupId, topic) =>
      attempt('reading commits', () => readCommits(admin, groupId, topic), asking(groupId, topic)),
    setOffsets: (groupId, topic, offsets) =>
      attempt('setting offsets', () =>
        admin.setOffsets({
          groupId,
          topic,
          partitions: [...offsets].map(([partition, offset]) => ({ partition, offset: offset.toString() })),
        }),
      ),
    accessRules: () =>
      attempt('reading access control lists', () => readAccessRules(admin), {
        principal,
        cluster: 'Describe',
      }),
    groupIds: () =>
      attempt('listing groups', async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId)),
    deleteTopics: (names) => attempt('deleting topics', () => admin.deleteTopics({ topics: [...names] })),
    deleteGroups: (groupIds) =>
      attempt('deleting groups', async () => {
        await admin.deleteGroups([...groupIds]);
      }),
    close: () => attempt('disconnecting', () => admin.disconnect()),
  };
}

async function attempt<T>(doing: string, action: () => Promise<T>, access?: AccessContext): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toKafkaError(error, doing, access);
  }
}

async function readMaxMessageBytes(admin: Admin, topic: string): Promise<number> {
  const asked = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['max.message.bytes'] }];
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: asked });
  const maxBytes = Number(resources[0]?.configEntries[0]?.configValue);
  if (!Number.isSafeInteger(maxBytes)) throw new Error(`${topic} has no max.message.bytes`);
  return maxBytes;
}

async function readWatermarks(admin: Admin, topic: string): Promise<readonly PartitionWatermarks[]> {
  return (await admin.fetchTopicOffsets(topic))
    .map(({ partition, low, high }) => ({ partition, lowWatermark: BigInt(low), highWatermark: BigInt(high) }))
    .sort((a, b) => a.partition - b.partition);
}

async function readCommits(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, CommittedPosition>> {
  const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const committed = (answer?.partitions ?? []).filter(({ offset }) => offset !== '-1');
  return new Map(
    committed.map(({ partition, offset, metadata }) => [
      partition,
      { nextOffset: BigInt(offset), ...splitTopicId(metadata ?? '') },
    ]),
  );
}

function toOffsetMap(rows: readonly { partition: number; offset: string }[]): ReadonlyMap<number, bigint> {
  return new Map(rows.map(({ partition, offset }) => [partition, BigInt(offset)]));
}

async function describeExisting(
  connection: KafkaConnection,
  admin: Admin,
  topics: readonly TopicDefinition[],
): Promise<ExistingTopic[]> {
  const declared = topics.map(({ name }) => name);
  const there = await findPresentTopics(connection, declared, ['DescribeConfigs']);
  const names = declared.filter((name) => there.has(name));
  if (names.length === 0) return [];
  const metadata = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const held = new Set<string>();
  for (const { name, partitions } of metadata.topics) {
    // Asked only where the answer decides.
    if (partitions.length >= present(byName.get(name), `the declaration of ${name}`).partitions) continue;
    if ((await admin.fetchTopicOffsets(name)).some(({ high }) => high !== '0')) held.add(name);
  }
  return metadata.topics.map(({ name, partitions }) => {
    const described = resources.find(({ resourceName }) => resourceName === name);
    const entries = present(described, `the settings of ${name} in the answer of the brokers`).configEntries;
    return {
      name,
      partitions: partitions.length,
      hasHeldRecords: held.has(name),
      config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  });
}
