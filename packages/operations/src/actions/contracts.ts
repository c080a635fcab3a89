/** Topics and schemas, made as this build declares them and audited. */
import { isEmptyPlan, type TopicPlan } from '@astrolabe/records';
import type { AppliedSubject, CommandSchemaRegistry } from '@astrolabe/records/serde';
import type { AuditDetails } from '../audit/core/audit-record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { applySchemas, checkSchemas } from '../contracts/apply-schemas.ts';
import { applyTopics, type TopicsCheck } from '../contracts/apply-topics.ts';
import type { TopicSettings } from '../doctor/examine-cluster.ts';
import type { Auditor } from './auditor.ts';

export interface ApplyTopicsOptions {
  readonly cluster: Pick<Cluster, 'admin' | 'topics' | 'describe'>;
  readonly plan: TopicPlan;
  readonly settings: TopicSettings;
  /** Called once the topic of the audit is there. */
  readonly openAuditor: () => Promise<Auditor>;
}

/**
 * The topic of the audit is created first, where it is missing: nothing can be recorded before. Then the rest of the
 * plan is begun, done and ended like any other action; its record has the topic's creation too.
 */
export async function auditedTopicsApply(options: ApplyTopicsOptions): Promise<TopicsCheck> {
  const { cluster, plan, settings, openAuditor } = options;
  if (isEmptyPlan(plan)) return applyTopics(cluster, plan, settings);
  const isAudit = ({ name }: { readonly name: string }): boolean => name === cluster.topics.audit.name;
  const first = { ...nothing, create: plan.create.filter(isAudit) };
  if (!isEmptyPlan(first)) await cluster.admin.applyTopics(first);
  const rest = { ...plan, create: plan.create.filter((each) => !isAudit(each)) };
  const auditor = await openAuditor();
  return auditor(
    { action: 'apply-topics', about: 'topics of the pipeline', request: topicChanges(plan) },
    () => applyTopics(cluster, rest, settings),
    ({ isInOrder }) => ({ kind: 'done', after: { isInOrder } }),
  );
}

const nothing: TopicPlan = { create: [], addPartitions: [], refused: [], configure: [], unchanged: [] };

function topicChanges({ create, addPartitions, configure }: TopicPlan): AuditDetails {
  return {
    create: create.map(({ name, partitions, replicationFactor }) => ({ name, partitions, replicationFactor })),
    addPartitions,
    configure: configure.map(({ name, changes }) => ({ name, changes })),
  };
}

export async function auditedSchemasApply(
  auditor: Auditor,
  registry: Pick<CommandSchemaRegistry, 'commandIds' | 'apply'>,
  topic: string,
): Promise<readonly AppliedSubject[]> {
  const check = await checkSchemas(registry, topic);
  const missing = check.kind === 'missing' ? check.subjects : [];
  return auditor(
    { action: 'apply-schemas', about: `command schemas of ${topic}`, before: { missing } },
    () => applySchemas(registry, topic),
    (applied) => ({
      kind: 'done',
      after: Object.fromEntries(applied.map(({ subject, schemaId }) => [subject, schemaId])),
      counts: { changed: applied.filter(({ changed }) => changed).length },
    }),
  );
}
