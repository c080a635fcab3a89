/** A redrive or dismissal, counted before anybody says yes, as a job that can be carried out exactly so. */
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import type { CountedCause } from '../dead-letters/core/count-causes.ts';
import type { RedriveReport } from '../dead-letters/core/redrive-counts.ts';
import { describeDecision, type DescribedDecision } from '../dead-letters/describe-decision.ts';
import { previewDismissal } from '../dead-letters/dismiss.ts';
import {
  planDecision,
  type DecisionPlan,
  type DecisionRefusal,
  type DecisionRequest,
} from '../dead-letters/plan-decision.ts';
import { previewRedrive } from '../dead-letters/redrive.ts';
import { findRecreated, planOf } from '../jobs/job-work.ts';
import { topicOf, type JobPart, type StoredJob } from '../jobs/core/stored-job.ts';

export type JobRequest = { readonly decision: Omit<DecisionRequest, 'edited'> } & (
  | { readonly kind: 'redrive'; readonly maxRedrives: number; readonly recordsPerSecond: number | undefined }
  | { readonly kind: 'dismiss'; readonly reason: string | undefined }
);

/** What the job would do. */
export interface JobForecast {
  /** Dead letters of the selection that wait, by cause. */
  readonly causes: readonly CountedCause[];
  readonly waiting: number;
  /** Of those, how many would be sent back, or dismissed. */
  readonly wouldBeDecided: number;
  /** Of a redrive: those that are left, and why. */
  readonly report: RedriveReport | undefined;
}

export interface PlannedJob {
  readonly job: StoredJob;
  readonly described: DescribedDecision;
  readonly forecast: JobForecast;
  /** Where the log of decisions ended before the dead letters were counted. */
  readonly decidedUntil: bigint;
}

export type PlannedJobOutcome = { readonly kind: 'planned'; readonly planned: PlannedJob } | DecisionRefusal;

type PlanningCluster = Pick<
  Cluster,
  'prefix' | 'topics' | 'admin' | 'reader' | 'inspector' | 'openTransactionalProducer'
>;

/** Changes nothing. */
export async function planJob(
  cluster: PlanningCluster,
  request: JobRequest,
  { clock, signal }: OperationRun,
): Promise<PlannedJobOutcome> {
  const decidedUntil = await decisionsEnd(cluster);
  const found = await planDecision(cluster, request.decision, clock.nowMs());
  if (found.kind !== 'plan') return found;
  const job = await jobOf(cluster, request, found.plan);
  const described = describeDecision(request.decision);
  const forecast = await forecastJob(cluster, job, { clock, signal });
  return { kind: 'planned', planned: { job, described, forecast, decidedUntil } };
}

export type PlanCheck = { readonly kind: 'unchanged' } | { readonly kind: 'changed'; readonly reason: string };

/**
 * Whether the job would still do what was counted. Counts again only where somebody has decided about dead letters
 * since then, or some of them have expired.
 */
export async function checkJobPlan(
  cluster: PlanningCluster,
  { job, forecast, decidedUntil }: PlannedJob,
  run: OperationRun,
): Promise<PlanCheck> {
  const recreated = await findRecreated(cluster, job);
  if (recreated !== undefined) {
    return { kind: 'changed', reason: `${recreated} was deleted and created again` };
  }
  const isUntouched = (await decisionsEnd(cluster)) === decidedUntil && !(await haveExpired(cluster, job));
  if (isUntouched) return { kind: 'unchanged' };
  const now = await forecastJob(cluster, job, run);
  if (now.wouldBeDecided === forecast.wouldBeDecided && now.waiting === forecast.waiting) return { kind: 'unchanged' };
  const reason = `${now.waiting} of the dead letters wait, and ${forecast.waiting} did when they were counted: others were decided or have expired since`;
  return { kind: 'changed', reason };
}

async function forecastJob(cluster: PlanningCluster, job: StoredJob, run: OperationRun): Promise<JobForecast> {
  const options = { cluster, plan: planOf(cluster, job), ...run };
  if (job.kind === 'dismiss') {
    const { causes, waiting } = await previewDismissal({ ...options, onProgress: () => undefined });
    return { causes, waiting, wouldBeDecided: waiting, report: undefined };
  }
  const { maxRedrives } = job;
  const codec = { decoder: undefined, encoder: undefined };
  const preview = await previewRedrive({ ...options, codec, maxRedrives, onEvent: () => undefined });
  const { causes, waiting, report } = preview;
  return { causes, waiting, wouldBeDecided: report.counts.redriven, report };
}

async function jobOf(cluster: PlanningCluster, request: JobRequest, plan: DecisionPlan): Promise<StoredJob> {
  const { connector, code, messageId, commandId } = request.decision;
  const filter = {
    ...(connector !== undefined && { connector }),
    ...(code !== undefined && { code }),
    ...(messageId !== undefined && { messageId }),
    ...(commandId !== undefined && { commandId }),
  };
  const selection = { parts: await partsOf(cluster, plan), filter, trusted: [...plan.trusted] };
  if (request.kind === 'dismiss') return { ...selection, kind: request.kind, reason: request.reason };
  const { kind, maxRedrives, recordsPerSecond } = request;
  return { ...selection, kind, maxRedrives, recordsPerSecond };
}

async function partsOf(cluster: PlanningCluster, { selection }: DecisionPlan): Promise<readonly JobPart[]> {
  const names = selection.parts.map((part) => topicOf(cluster.topics, part));
  const ids = new Map((await cluster.inspector.describe(names)).map(({ name, topicId }) => [name, topicId]));
  return selection.parts.map(({ role, spans }) => ({
    role,
    topicId: ids.get(topicOf(cluster.topics, { role })),
    spans: spans.map(({ partition, fromOffset, endOffset }) => ({ partition, fromOffset, endOffset })),
  }));
}

async function haveExpired(cluster: PlanningCluster, { parts }: StoredJob): Promise<boolean> {
  for (const part of parts) {
    const marks = await cluster.admin.watermarks(topicOf(cluster.topics, part));
    const lows = new Map(marks.map(({ partition, lowWatermark }) => [partition, lowWatermark]));
    if (part.spans.some(({ partition, fromOffset }) => (lows.get(partition) ?? 0n) > fromOffset)) return true;
  }
  return false;
}

async function decisionsEnd({ reader, topics }: PlanningCluster): Promise<bigint> {
  return (await reader.offsets(topics.redrives.name, 0)).highWatermark;
}
