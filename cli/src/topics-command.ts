import { connectionFromConfig, createKafkaAdmin, describeCluster } from '@astrolabe/kafka';
import { isEmptyPlan, topicsFor, type TopicPlan } from '@astrolabe/records';
import { readConfig, type Logger } from '@astrolabe/service-kit';
import { isAgreed, type CommandContext } from './command-context.ts';
import type { TopicsConfig } from './config.ts';
import { ledgerConfig } from './doctor/examine-ledger.ts';
import { describeFinding, type Finding } from './doctor/finding.ts';
import { judgeTopics } from './doctor/judge-topics.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { ChangeFlags } from './flags.ts';
import { reachBrokers } from './reach-brokers.ts';

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
  await reachBrokers(context, config);
  const connection = connectionFromConfig(config, 'cli', logger);
  const admin = await createKafkaAdmin(connection);
  try {
    const declared = topicsFor(config.kafkaTopicPrefix, config.partitions);
    const topics = Object.values(declared);
    const plan = await admin.planTopics(topics, config.replicationFactor);
    const mayAsk = mode === 'apply' && terminal !== undefined && !isEmptyPlan(plan);
    if (mayAsk) for (const line of describeChanges(plan)) context.note(line);
    const execute =
      mode === 'apply' &&
      (mayAsk ? await isAgreed(context, flags, 'Apply?') : flags.execute === true || flags.yes === true);
    if (execute && !isEmptyPlan(plan)) await admin.applyTopics(plan);
    const cluster = await describeCluster(
      connection,
      topics.map(({ name }) => name),
    );
    const left = execute ? await admin.planTopics(topics, config.replicationFactor) : plan;
    const ledgerWindowMs = readConfig(ledgerConfig, context.env).ledgerWindowHours * HOUR_MS;
    const findings = judgeTopics({ declared, cluster, plan: left, ledgerWindowMs });
    const problems = findings.filter(({ level }) => level === 'problem');
    // What the plan tells is told there.
    const others = isEmptyPlan(left) && left.refused.length === 0 ? problems : problems.filter(isBeyond(left));
    output.result({ applied: execute, ...plan, problems: others }, [
      ...describePlan(plan, execute),
      ...others.flatMap(describeFinding),
    ]);
    return problems.length === 0 ? exitCodes.done : exitCodes.failed;
  } finally {
    await admin.close();
  }
}

/** Findings about topics that a plan says nothing of. */
function isBeyond({ create, addPartitions, configure, refused }: TopicPlan): (finding: Finding) => boolean {
  const planned = new Set([...create, ...addPartitions, ...configure, ...refused].map(({ name }) => `topic ${name}`));
  return ({ about }) => !planned.has(about);
}

const HOUR_MS = 3_600_000;

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
