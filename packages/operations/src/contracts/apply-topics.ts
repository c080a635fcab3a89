/** How the topics of a cluster differ from those declared, and making them agree. */
import { isEmptyPlan, type TopicPlan } from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';
import type { Finding } from '../doctor/core/finding.ts';
import { judgeTopics } from '../doctor/core/judge-topics.ts';
import type { TopicSettings } from '../doctor/examine-cluster.ts';

export interface TopicsCheck {
  /** What `applyTopics` would do. */
  readonly plan: TopicPlan;
  /** Whether the topics can be used as they are. */
  readonly isInOrder: boolean;
  /** Problems with topics that the plan does not touch; all of them where the plan is empty. */
  readonly problems: readonly Finding[];
}

/** Changes nothing. */
export async function checkTopics(
  { admin, topics, describe }: Pick<Cluster, 'admin' | 'topics' | 'describe'>,
  { replicationFactor, ledgerWindowMs }: TopicSettings,
): Promise<TopicsCheck> {
  const declared = Object.values(topics);
  const plan = await admin.planTopics(declared, replicationFactor);
  const cluster = await describe(declared.map(({ name }) => name));
  const findings = judgeTopics({ declared: topics, cluster, plan, ledgerWindowMs });
  const problems = findings.filter(({ level }) => level === 'problem');
  const isNothingPlanned = isEmptyPlan(plan) && plan.refused.length === 0;
  return {
    plan,
    isInOrder: problems.length === 0,
    problems: isNothingPlanned ? problems : problems.filter(isBeyond(plan)),
  };
}

/**
 * Carries the plan out and checks again: creates topics, adds partitions, sets configuration. Never deletes and never
 * shrinks, and adds no partitions where keys would move.
 */
export async function applyTopics(
  cluster: Pick<Cluster, 'admin' | 'topics' | 'describe'>,
  plan: TopicPlan,
  settings: TopicSettings,
): Promise<TopicsCheck> {
  if (!isEmptyPlan(plan)) await cluster.admin.applyTopics(plan);
  return checkTopics(cluster, settings);
}

/** Findings about topics that a plan does not mention. */
function isBeyond({ create, addPartitions, configure, refused }: TopicPlan): (finding: Finding) => boolean {
  const planned = new Set([...create, ...addPartitions, ...configure, ...refused].map(({ name }) => `topic ${name}`));
  return ({ about }) => !planned.has(about);
}
