/** What a job does: a redrive or a dismissal, whose runs all have the job's id in their marks. */
import { isRecreated } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { Cluster, ProgressSnapshot } from '../cluster/cluster.ts';
import { countDecided } from '../dead-letters/decision-log.ts';
import { dismiss } from '../dead-letters/dismiss.ts';
import type { DecisionPlan } from '../dead-letters/plan-decision.ts';
import { redrive } from '../dead-letters/redrive.ts';
import { selectionOf } from '../dead-letters/selection.ts';
import { topicOf, type StoredJob } from './core/stored-job.ts';

export type JobCounts = Readonly<Record<string, number>>;

export type JobOutcome =
  | { readonly kind: 'done'; readonly counts: JobCounts }
  /** Another redrive or dismissal has begun; what this one has decided is decided. */
  | { readonly kind: 'taken-over' }
  /** It can never be done any more. */
  | { readonly kind: 'impossible'; readonly reason: string };

export interface JobRun {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ProgressSnapshot) => void;
}

/**
 * Called by the runner of jobs, one job at a time. `run` may be called again and again for one job, by several
 * processes, whatever became of the runs before: each dead letter is decided once.
 */
export interface JobWork {
  run(id: string, job: StoredJob, run: JobRun): Promise<JobOutcome>;
  /** What all runs of the job have decided together. */
  decided(id: string, job: StoredJob, signal: AbortSignal): Promise<JobCounts>;
  /** Moves whenever anybody decides about dead letters. */
  activity(): Promise<bigint>;
}

export type JobCluster = Pick<
  Cluster,
  'prefix' | 'topics' | 'admin' | 'reader' | 'inspector' | 'openTransactionalProducer'
>;

export function createJobWork(cluster: JobCluster, clock: Clock): JobWork {
  const counts = async (id: string, { kind }: StoredJob, signal: AbortSignal): Promise<JobCounts> => {
    const decided = await countDecided(cluster, id, signal);
    return kind === 'redrive' ? { redriven: decided } : { dismissed: decided };
  };
  return {
    decided: counts,
    activity: async () => (await cluster.reader.offsets(cluster.topics.redrives.name, 0)).highWatermark,
    run: async (id, job, run) => {
      const recreated = await findRecreated(cluster, job);
      if (recreated !== undefined) {
        const reason = `${recreated} was deleted and created again: the dead letters that were meant are gone`;
        return { kind: 'impossible', reason };
      }
      return decide(cluster, clock, id, job, run);
    },
  };
}

async function decide(
  cluster: JobCluster,
  clock: Clock,
  id: string,
  job: StoredJob,
  { signal, onProgress }: JobRun,
): Promise<JobOutcome> {
  const options = { cluster, plan: planOf(cluster, job), redriveId: id, clock, signal };
  if (job.kind === 'dismiss') {
    const outcome = await dismiss({ ...options, reason: job.reason, onProgress });
    if (outcome.kind === 'taken-over') return outcome;
    return { kind: 'done', counts: { dismissed: await countDecided(cluster, id, signal) } };
  }
  const { maxRedrives, recordsPerSecond } = job;
  const outcome = await redrive({
    ...options,
    codec: { decoder: undefined, encoder: undefined },
    maxRedrives,
    recordsPerSecond,
    onEvent: (event) => {
      if (event.kind === 'progress') onProgress(event.progress);
    },
  });
  if (outcome.kind === 'taken-over') return outcome;
  const { redriven, alreadyRedriven, ...others } = outcome.report.counts;
  const decided = await countDecided(cluster, id, signal);
  // What earlier runs of this job have sent counts for the job.
  const before = decided - redriven;
  return {
    kind: 'done',
    counts: {
      redriven: decided,
      alreadyRedriven: alreadyRedriven - before,
      ...others,
      missing: outcome.report.missing.length,
    },
  };
}

export function planOf({ topics }: Pick<Cluster, 'topics'>, { parts, filter, trusted }: StoredJob): DecisionPlan {
  const named = new Set(trusted);
  const selected = parts.map(({ role, spans }) => ({
    role,
    spans: spans.map((span) => ({ topic: topicOf(topics, { role }), ...span })),
  }));
  return {
    selection: selectionOf(selected, filter),
    edited: new Map(),
    trusted: named,
    only: named.size === 0 ? undefined : named,
  };
}

/** A topic of the job that is another one by now. */
export async function findRecreated(
  { inspector, topics }: Pick<Cluster, 'inspector' | 'topics'>,
  { parts }: StoredJob,
): Promise<string | undefined> {
  const names = parts.map((part) => topicOf(topics, part));
  const found = new Map((await inspector.describe(names)).map(({ name, topicId }) => [name, topicId]));
  const recreated = parts.find((part) => isRecreated(part.topicId, found.get(topicOf(topics, part))));
  return recreated === undefined ? undefined : topicOf(topics, recreated);
}
