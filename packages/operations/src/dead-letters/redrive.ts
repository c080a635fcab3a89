/**
 * Sends dead letters back to their source topics.
 *
 * 1. `previewRedrive` judges what would go. 2. `redrive` takes over the one transactional id of all decisions: another
 * run that is under way commits nothing any more. 3. It reads which dead letters were decided already: final, since
 * nobody else can write it now. 4. For each batch one transaction of the records and of their marks. A crash anywhere
 * leaves dead letters that are sent and marked, or neither.
 */
import { randomUUID } from 'node:crypto';
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { withExclusiveTransactions, type Commit, type TakenOver } from '../cluster/exclusive-transactions.ts';
import { createPace } from '../core/pace.ts';
import { CauseCounts, type CountedCause } from './core/count-causes.ts';
import { sourceTopics, type DeadLetter } from './core/dead-letter.ts';
import { buildMarks } from './core/decision-marks.ts';
import type { LeftDeadLetter, RedriveReport } from './core/redrive-counts.ts';
import { readDecisionLog, untilMarksAreVisible, type DecisionLog } from './decision-log.ts';
import { createRedriveJudge, type CommandCodec, type RedriveJudge, type SentRedrive } from './judge-redrive.ts';
import type { DecisionPlan } from './plan-decision.ts';
import { walkBatches, walkPlan } from './walk-plan.ts';

export interface RedriveOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'prefix' | 'topics' | 'admin' | 'reader' | 'inspector' | 'openTransactionalProducer'>;
  readonly plan: DecisionPlan;
  readonly codec: CommandCodec;
  /** A dead letter that has been redriven this often is left where it is. */
  readonly maxRedrives: number;
  /** Undefined: no limit. */
  readonly recordsPerSecond: number | undefined;
  /** Names the run in its marks. A job that is carried on has one for all of its runs. Default: a new one. */
  readonly redriveId?: string;
  readonly onEvent: (event: RedriveEvent) => void;
}

export type RedriveEvent =
  | { readonly kind: 'progress'; readonly progress: ProgressSnapshot }
  /** A dead letter that cannot go back as it is. */
  | { readonly kind: 'refused'; readonly refusal: LeftDeadLetter };

export interface RedrivePreview {
  /** Dead letters of the plan that wait, by cause. */
  readonly causes: readonly CountedCause[];
  readonly waiting: number;
  /** `redriven` would be sent. */
  readonly report: RedriveReport;
}

export type RedriveOutcome =
  { readonly kind: 'redriven'; readonly redriveId: string; readonly report: RedriveReport } | TakenOver;

const BATCH_RECORDS = 500;

/** The transactional id under which dead letters are decided: one is redriven or dismissed, and never both. */
export function decisionTransactionalId({ prefix }: Pick<Cluster, 'prefix'>): string {
  return `${prefix}astrolabe.redrive`;
}

/** Changes nothing. */
export async function previewRedrive(
  options: Omit<RedriveOptions, 'recordsPerSecond' | 'redriveId'>,
): Promise<RedrivePreview> {
  const { cluster, plan, codec, maxRedrives, signal, onEvent } = options;
  const log = await readDecisionLog(cluster, signal);
  const judge = await createRedriveJudge(cluster, plan, codec, maxRedrives);
  const causes = new CauseCounts();
  const onProgress = (progress: ProgressSnapshot): void => onEvent({ kind: 'progress', progress });
  await walkPlan({ cluster, plan, signal, onProgress }, async (deadLetters) => {
    for (const deadLetter of deadLetters) {
      await judge.judge(deadLetter, log);
      if (log.stateOf(deadLetter.record) === 'waiting') causes.add(deadLetter);
    }
  });
  return { causes: causes.all(), waiting: causes.waiting, report: judge.report() };
}

export async function redrive(options: RedriveOptions): Promise<RedriveOutcome> {
  const { cluster, plan, codec, maxRedrives } = options;
  const judge = await createRedriveJudge(cluster, plan, codec, maxRedrives);
  const redriveId = options.redriveId ?? randomUUID();
  const id = decisionTransactionalId(cluster);
  const sent = await withExclusiveTransactions(cluster, id, async (commit) => {
    await sendAll(options, judge, redriveId, commit);
    return { kind: 'sent' } as const;
  });
  if (sent.kind === 'taken-over') return sent;
  await untilMarksAreVisible(options, cluster);
  return { kind: 'redriven', redriveId, report: judge.report() };
}

async function sendAll(
  { cluster, plan, recordsPerSecond, clock, signal, onEvent }: RedriveOptions,
  judge: RedriveJudge,
  redriveId: string,
  commit: Commit,
): Promise<void> {
  const log = await readDecisionLog(cluster, signal);
  const pace = createPace(recordsPerSecond, clock);
  let reported = 0;
  const onProgress = (progress: ProgressSnapshot): void => onEvent({ kind: 'progress', progress });
  await walkBatches({ cluster, plan, signal, onProgress }, pace.share(BATCH_RECORDS), async (batch) => {
    const sent = await judgeBatch(judge, batch, log);
    const { refusals } = judge;
    for (const refusal of refusals.slice(reported)) onEvent({ kind: 'refused', refusal });
    reported = refusals.length;
    if (sent.length === 0) return;
    await pace.take(sent.length, signal);
    const sources = sourceTopics(cluster.topics);
    const parts = [...Map.groupBy(sent, ({ deadLetter }) => sources[deadLetter.role])].map(([topic, group]) => ({
      topic,
      records: group.map(({ redrive: { record } }) => record),
    }));
    const origin = { kind: 'redriven', redriveId } as const;
    const decided = sent.map(({ deadLetter }) => deadLetter);
    const marks = buildMarks(decided, origin, clock.nowMs(), log.topicIds);
    await commit([...parts, { topic: cluster.topics.redrives.name, records: marks }]);
  });
}

async function judgeBatch(
  judge: RedriveJudge,
  batch: readonly DeadLetter[],
  log: DecisionLog,
): Promise<{ readonly deadLetter: DeadLetter; readonly redrive: SentRedrive }[]> {
  const sent: { readonly deadLetter: DeadLetter; readonly redrive: SentRedrive }[] = [];
  for (const deadLetter of batch) {
    const judged = await judge.judge(deadLetter, log);
    if (judged !== undefined) sent.push({ deadLetter, redrive: judged });
  }
  return sent;
}
