/**
 * What must change for a cluster to have the declared topics. Never shrinks, never deletes: what somebody keeps for
 * longer, or lets be larger, than is declared stays so.
 */
import type { TopicDefinition } from './topics.ts';

export interface ExistingTopic {
  readonly name: string;
  readonly partitions: number;
  /** Or has held some: any high watermark above 0. */
  readonly hasHeldRecords: boolean;
  /** Effective configuration, defaults included. */
  readonly config: Readonly<Record<string, string>>;
}

export interface SettingChange {
  readonly setting: string;
  /** Undefined where the brokers do not know the setting. */
  readonly from: string | undefined;
  readonly to: string;
}

export interface PartitionChange {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface TopicPlan {
  readonly create: readonly {
    readonly name: string;
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly config: Readonly<Record<string, string>>;
  }[];
  readonly addPartitions: readonly PartitionChange[];
  /** Declared, and not done: keys would move. */
  readonly refused: readonly PartitionChange[];
  /** Declared settings that differ. No other setting of a topic is touched. */
  readonly configure: readonly { readonly name: string; readonly changes: readonly SettingChange[] }[];
  readonly unchanged: readonly string[];
}

export function planTopics(
  declared: readonly TopicDefinition[],
  existing: readonly ExistingTopic[],
  replicationFactor: number,
): TopicPlan {
  const byName = new Map(existing.map((topic) => [topic.name, topic]));
  const create: TopicPlan['create'][number][] = [];
  const addPartitions: PartitionChange[] = [];
  const refused: PartitionChange[] = [];
  const configure: TopicPlan['configure'][number][] = [];
  const unchanged: string[] = [];
  for (const topic of declared) {
    const config = topicConfig(topic, replicationFactor);
    const found = byName.get(topic.name);
    if (found === undefined) {
      create.push({ name: topic.name, partitions: topic.partitions, replicationFactor, config });
      continue;
    }
    const changes = Object.entries(config)
      .filter(([setting, to]) => !isEnough(setting, found.config[setting], to))
      .map(([setting, to]) => ({ setting, from: found.config[setting], to }));
    if (changes.length > 0) configure.push({ name: topic.name, changes });
    if (found.partitions < topic.partitions) {
      const isRefused = topic.bindsKeys === true && found.hasHeldRecords;
      (isRefused ? refused : addPartitions).push({ name: topic.name, from: found.partitions, to: topic.partitions });
    }
    if (changes.length === 0 && found.partitions >= topic.partitions) unchanged.push(topic.name);
  }
  return { create, addPartitions, refused, configure, unchanged };
}

/** True where a plan would change nothing; what it refuses is not changed. */
export function isEmptyPlan(plan: TopicPlan): boolean {
  return plan.create.length + plan.addPartitions.length + plan.configure.length === 0;
}

/**
 * Settings of which a topic may have more than we declare. Lowering them would delete records, or refuse records that
 * were accepted before.
 */
const atLeast = new Set(['retention.ms', 'max.message.bytes', 'min.insync.replicas']);
const UNLIMITED = '-1';

function isEnough(setting: string, found: string | undefined, wanted: string): boolean {
  if (found === wanted || found === undefined || !atLeast.has(setting)) return found === wanted;
  return (setting === 'retention.ms' && found === UNLIMITED) || Number(found) > Number(wanted);
}

function topicConfig(topic: TopicDefinition, replicationFactor: number): Record<string, string> {
  return {
    'cleanup.policy': topic.cleanupPolicy,
    // With three replicas an acknowledged record survives the loss of one broker and writes go on; with fewer there is
    // no such margin.
    'min.insync.replicas': String(replicationFactor >= 3 ? 2 : 1),
    ...(topic.retentionMs === undefined ? {} : { 'retention.ms': String(topic.retentionMs) }),
    ...(topic.segmentMs === undefined ? {} : { 'segment.ms': String(topic.segmentMs) }),
    ...(topic.segmentBytes === undefined ? {} : { 'segment.bytes': String(topic.segmentBytes) }),
    ...(topic.maxMessageBytes === undefined ? {} : { 'max.message.bytes': String(topic.maxMessageBytes) }),
  };
}
