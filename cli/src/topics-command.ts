import { connectionFromConfig, createKafkaAdmin, isEmptyPlan, topicsFor, type TopicPlan } from '@astrolabe/kafka';
import type { Logger } from '@astrolabe/service-kit';
import { isAgreed, type CommandContext } from './command-context.ts';
import type { TopicsConfig } from './config.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { ChangeFlags } from './flags.ts';

/**
 * Shows how the cluster differs from the declared topics and, once that is agreed to, makes it agree: creates topics, adds partitions, sets
 * configuration. Never deletes and never shrinks, and adds no partitions where keys would move. Without a word from anybody it is a plan, which differs.
 */
export async function runTopics(
  config: TopicsConfig,
  logger: Logger,
  mode: 'check' | 'apply',
  context: CommandContext,
  flags: ChangeFlags,
): Promise<ExitCode> {
  const { output, terminal } = context;
  const admin = await createKafkaAdmin(connectionFromConfig(config, 'cli', logger));
  try {
    const topics = Object.values(topicsFor(config.kafkaTopicPrefix, config.partitions));
    const plan = await admin.planTopics(topics, config.replicationFactor);
    const mayAsk = mode === 'apply' && terminal !== undefined && !isEmptyPlan(plan);
    if (mayAsk) for (const line of describeChanges(plan)) context.note(line);
    const execute =
      mode === 'apply' &&
      (mayAsk ? await isAgreed(context, flags, 'Apply?') : flags.execute === true || flags.yes === true);
    if (execute && !isEmptyPlan(plan)) await admin.applyTopics(plan);
    output.result({ applied: execute, ...plan }, describePlan(plan, execute));
    return (execute || isEmptyPlan(plan)) && plan.refused.length === 0 ? exitCodes.done : exitCodes.failed;
  } finally {
    await admin.close();
  }
}

export function describePlan(plan: TopicPlan, applied: boolean): string[] {
  const lines = [...describeChanges(plan), ...plan.unchanged.map((name) => `= ${name}`)];
  if (isEmptyPlan(plan)) {
    return [...lines, plan.refused.length > 0 ? 'Nothing else differs.' : 'The topics are as declared; nothing to do.'];
  }
  return [...lines, applied ? 'Applied.' : 'Nothing was changed. Run "astrolabe topics apply --execute" to apply.'];
}

function describeChanges(plan: TopicPlan): string[] {
  return [
    ...plan.create.map(
      ({ name, partitions, replicationFactor }) =>
        `+ ${name}: ${partitions} partitions, replication ${replicationFactor}`,
    ),
    ...plan.addPartitions.map(({ name, from, to }) => `~ ${name}: partitions ${from} -> ${to}`),
    ...plan.refused.map(
      ({ name, from, to }) =>
        `! ${name}: has ${from} partitions, ${to} are declared, and none are added: it holds records, keys would move to other partitions, ` +
        `and with them goes the order of each user and what is known of users who were deleted. Set KAFKA_PARTITIONS=${from}, ` +
        'or see "More partitions" in docs/operating.md.',
    ),
    ...plan.configure.flatMap(({ name, changes }) =>
      changes.map(({ setting, from, to }) => `~ ${name}: ${setting} ${from ?? '(unset)'} -> ${to}`),
    ),
  ];
}
