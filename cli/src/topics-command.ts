/** `astrolabe topics`: the topics of the pipeline, as declared and as they are. */
import {
  auditedTopicsApply,
  checkTopics,
  openAuditLog,
  type AuditLog,
  type Auditor,
  type Cluster,
  type TopicsCheck,
} from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import { isEmptyPlan, type TopicPlan } from '@astrolabe/records';
import { readConfig } from '@astrolabe/service-kit';
import type { Command } from 'commander';
import { auditorOn } from './audit/audited.ts';
import { withCluster } from './cluster.ts';
import { isAgreed, type Act, type CommandContext } from './command-context.ts';
import { ledgerConfig, topicsConfig } from './config.ts';
import { describeFinding } from './doctor/describe-finding.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { addChangeOptions, addClusterOption, addVerb, type ChangeFlags } from './flags.ts';

const HOUR_MS = 3_600_000;

export function registerTopics(program: Command, act: Act): void {
  const topics = program.command('topics').description('compare the topics of the pipeline with their declaration');
  addChangeOptions(
    addClusterOption(
      addVerb(
        topics,
        'apply',
        'show the differences; with --execute create topics, add partitions and set configuration',
        ['KAFKA_BROKERS=localhost:9092 astrolabe topics apply --execute'],
      ),
    ),
  ).action(act((context, flags: ChangeFlags) => runTopics(context, 'apply', flags)));
  addClusterOption(
    addVerb(topics, 'check', 'show the differences; exit code 1 if there are any', ['astrolabe topics check --json']),
  ).action(act((context, flags: ChangeFlags) => runTopics(context, 'check', flags)));
}

async function runTopics(context: CommandContext, mode: 'check' | 'apply', flags: ChangeFlags): Promise<ExitCode> {
  const { output, terminal, env } = context;
  const config = readConfig(topicsConfig, env);
  const { partitions, replicationFactor } = config;
  const settings = { replicationFactor, ledgerWindowMs: readConfig(ledgerConfig, env).ledgerWindowHours * HOUR_MS };
  return withCluster(
    context,
    config,
    async (cluster) => {
      const check = await checkTopics(cluster, settings);
      const { plan } = check;
      const mayAsk = mode === 'apply' && terminal !== undefined && !isEmptyPlan(plan);
      if (mayAsk) describeChanges(plan).forEach(context.note);
      const execute =
        mode === 'apply' &&
        (mayAsk ? await isAgreed(context, flags, 'Apply?') : flags.execute === true || flags.yes === true);
      const { isInOrder, problems } = execute ? await apply(context, cluster, plan, settings) : check;
      output.result({ applied: execute, ...plan, problems }, [
        ...describePlan(plan, execute),
        ...problems.flatMap(describeFinding),
      ]);
      return isInOrder ? exitCodes.done : exitCodes.failed;
    },
    { partitions },
  );
}

/** The record needs its topic, which the plan may create. */
async function apply(
  context: CommandContext,
  cluster: Cluster,
  plan: TopicPlan,
  settings: Parameters<typeof checkTopics>[1],
): Promise<TopicsCheck> {
  let log: AuditLog | undefined;
  const openAuditor = async (): Promise<Auditor> => auditorOn(context, (log = await openAuditLog(cluster)));
  try {
    return await auditedTopicsApply({ cluster, plan, settings, openAuditor });
  } finally {
    await log?.close();
  }
}

export function describePlan(plan: TopicPlan, applied: boolean): string[] {
  const lines = [...describeChanges(plan), ...plan.unchanged.map((name) => `= ${name}`)];
  if (isEmptyPlan(plan)) {
    const rest = plan.refused.length > 0 ? 'Nothing else differs.' : 'The topics are as declared; nothing to do.';
    return [...lines, rest];
  }
  return [...lines, applied ? 'Applied.' : 'Nothing was changed. Run "astrolabe topics apply --execute" to apply.'];
}

function describeChanges(plan: TopicPlan): string[] {
  return [
    ...plan.create.map(
      ({ name, partitions, replicationFactor }) =>
        `+ ${name}: ${formatCounted(partitions, 'partition')}, replication ${replicationFactor}`,
    ),
    ...plan.addPartitions.map(({ name, from, to }) => `~ ${name}: partitions ${from} -> ${to}`),
    ...plan.refused.map(
      ({ name, from, to }) =>
        `! ${name}: has ${formatCounted(from, 'partition')}, should have ${to}. None are added, because the topic holds records: ` +
        'their keys would move to other partitions, which breaks the order of each user and loses what is stored about deleted users. ' +
        `Set KAFKA_PARTITIONS=${from}, or see "More partitions" in docs/operating.md.`,
    ),
    ...plan.configure.flatMap(({ name, changes }) =>
      changes.map(({ setting, from, to }) => `~ ${name}: ${setting} ${from ?? '(unset)'} -> ${to}`),
    ),
  ];
}
