/**
 * Marks dead letters as dismissed: nobody wants them any more. Under the transactional id of the redrives, so that a
 * dead letter is sent back or dismissed and never both.
 */
import { randomUUID } from 'node:crypto';
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { withExclusiveTransactions, type TakenOver } from '../cluster/exclusive-transactions.ts';
import { CauseCounts, type CountedCause } from './core/count-causes.ts';
import { buildMarks } from './core/decision-marks.ts';
import { readDecisionLog, untilMarksAreVisible } from './decision-log.ts';
import type { DecisionPlan } from './plan-decision.ts';
import { decisionTransactionalId } from './redrive.ts';
import { walkBatches, walkPlan } from './walk-plan.ts';

export interface DismissOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'prefix' | 'topics' | 'admin' | 'reader' | 'inspector' | 'openTransactionalProducer'>;
  readonly plan: DecisionPlan;
  /** Kept with the mark. */
  readonly reason: string | undefined;
  /** As of a redrive. */
  readonly redriveId?: string;
  readonly onProgress: (progress: ProgressSnapshot) => void;
}

export interface DismissPreview {
  /** Dead letters of the plan that wait, by cause. */
  readonly causes: readonly CountedCause[];
  readonly waiting: number;
}

export type DismissOutcome =
  { readonly kind: 'dismissed'; readonly redriveId: string; readonly dismissed: number } | TakenOver;

const BATCH_RECORDS = 5_000;

/** Changes nothing. */
export async function previewDismissal(options: Omit<DismissOptions, 'reason' | 'redriveId'>): Promise<DismissPreview> {
  const log = await readDecisionLog(options.cluster, options.signal);
  const causes = new CauseCounts();
  await walkPlan(options, (deadLetters) => {
    for (const each of deadLetters) if (log.stateOf(each.record) === 'waiting') causes.add(each);
  });
  return { causes: causes.all(), waiting: causes.waiting };
}

export async function dismiss(options: DismissOptions): Promise<DismissOutcome> {
  const { cluster, reason, clock, signal } = options;
  const redriveId = options.redriveId ?? randomUUID();
  const outcome = await withExclusiveTransactions(cluster, decisionTransactionalId(cluster), async (commit) => {
    const log = await readDecisionLog(cluster, signal);
    let dismissed = 0;
    await walkBatches(options, BATCH_RECORDS, async (batch) => {
      const waiting = batch.filter(({ record }) => log.stateOf(record) === 'waiting');
      if (waiting.length === 0) return;
      const origin = { kind: 'dismissed', redriveId, reason } as const;
      const marks = buildMarks(waiting, origin, clock.nowMs(), log.topicIds);
      await commit([{ topic: cluster.topics.redrives.name, records: marks }]);
      dismissed += waiting.length;
    });
    return { kind: 'dismissed', redriveId, dismissed } as const;
  });
  if (outcome.kind === 'dismissed') await untilMarksAreVisible(options, cluster);
  return outcome;
}
