import { connectionFromConfig, createKafkaAdmin, isEmptyPlan, topicsFor, type TopicPlan } from '@astrolabe/kafka';
import type { Logger } from '@astrolabe/service-kit';
import type { TopicsConfig } from './config.ts';
import type { CommandOutput } from './output.ts';

/**
 * Shows how the cluster differs from the declared topics and, with `execute`, makes it agree: creates topics, adds partitions, sets
 * configuration. Never deletes and never shrinks. Returns whether the cluster agrees at the end.
 */
export async function runTopics(
  config: TopicsConfig,
  logger: Logger,
  execute: boolean,
  output: CommandOutput,
): Promise<boolean> {
  const admin = await createKafkaAdmin(connectionFromConfig(config, 'cli', logger));
  try {
    const topics = Object.values(topicsFor(config.kafkaTopicPrefix));
    const plan = await admin.planTopics(topics, config.replicationFactor);
    if (execute && !isEmptyPlan(plan)) await admin.applyTopics(plan);
    const agrees = execute || isEmptyPlan(plan);
    output.result({ applied: execute, ...plan }, describePlan(plan, execute));
    return agrees;
  } finally {
    await admin.close();
  }
}

export function describePlan(plan: TopicPlan, applied: boolean): string[] {
  const lines = [
    ...plan.create.map(
      ({ name, partitions, replicationFactor }) =>
        `+ ${name}: ${partitions} partitions, replication ${replicationFactor}`,
    ),
    ...plan.addPartitions.map(({ name, from, to }) => `~ ${name}: partitions ${from} -> ${to}`),
    ...plan.configure.flatMap(({ name, changes }) =>
      changes.map(({ setting, from, to }) => `~ ${name}: ${setting} ${from ?? '(unset)'} -> ${to}`),
    ),
    ...plan.unchanged.map((name) => `= ${name}`),
  ];
  if (isEmptyPlan(plan)) return [...lines, 'The topics are as declared; nothing to do.'];
  return [...lines, applied ? 'Applied.' : 'Nothing was changed. Run it again with --execute to apply.'];
}
