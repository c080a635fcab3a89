/** What must change for a cluster to have the declared topics. Never shrinks, never deletes. */
import type { TopicDefinition } from './topics.ts';

export interface ExistingTopic {
  readonly name: string;
  readonly partitions: number;
  /** Effective configuration, defaults included. */
  readonly config: Readonly<Record<string, string>>;
  /** Names of those settings that were made on the topic itself. */
  readonly ownSettings: readonly string[];
}

export interface TopicPlan {
  readonly create: readonly {
    readonly name: string;
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly config: Readonly<Record<string, string>>;
  }[];
  readonly addPartitions: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /**
   * Full configuration of the topics whose declared settings differ; `changes` says which and how. Holds what somebody else set on the
   * topic too: Kafka's AlterConfigs resets every setting that it is not given.
   */
  readonly configure: readonly {
    readonly name: string;
    readonly config: Readonly<Record<string, string>>;
    readonly changes: readonly { readonly setting: string; readonly from: string | undefined; readonly to: string }[];
  }[];
  readonly unchanged: readonly string[];
}

export function planTopics(
  declared: readonly TopicDefinition[],
  existing: readonly ExistingTopic[],
  replicationFactor: number,
): TopicPlan {
  const byName = new Map(existing.map((topic) => [topic.name, topic]));
  const create: TopicPlan['create'][number][] = [];
  const addPartitions: TopicPlan['addPartitions'][number][] = [];
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
      .filter(([setting, to]) => found.config[setting] !== to)
      .map(([setting, to]) => ({ setting, from: found.config[setting], to }));
    if (changes.length > 0) configure.push({ name: topic.name, config: { ...ownConfig(found), ...config }, changes });
    if (found.partitions < topic.partitions) {
      addPartitions.push({ name: topic.name, from: found.partitions, to: topic.partitions });
    }
    if (changes.length === 0 && found.partitions >= topic.partitions) unchanged.push(topic.name);
  }
  return { create, addPartitions, configure, unchanged };
}

/** True where a plan would change nothing. */
export function isEmptyPlan(plan: TopicPlan): boolean {
  return plan.create.length + plan.addPartitions.length + plan.configure.length === 0;
}

function ownConfig({ config, ownSettings }: ExistingTopic): Record<string, string> {
  return Object.fromEntries(ownSettings.map((setting) => [setting, config[setting] ?? '']));
}

function topicConfig(topic: TopicDefinition, replicationFactor: number): Record<string, string> {
  return {
    'cleanup.policy': topic.cleanupPolicy,
    // With three replicas an acknowledged record survives the loss of one broker and writes go on; with fewer there is no such margin.
    'min.insync.replicas': String(replicationFactor >= 3 ? 2 : 1),
    ...(topic.retentionMs === undefined ? {} : { 'retention.ms': String(topic.retentionMs) }),
    ...(topic.segmentMs === undefined ? {} : { 'segment.ms': String(topic.segmentMs) }),
    ...(topic.maxMessageBytes === undefined ? {} : { 'max.message.bytes': String(topic.maxMessageBytes) }),
  };
}
