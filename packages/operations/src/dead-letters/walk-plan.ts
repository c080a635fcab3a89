/** Dead letters of a plan, batch by batch, for what stores something about each. */
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { inBatches } from './core/batches.ts';
import { positionOf, type DeadLetter } from './core/dead-letter.ts';
import type { DecisionPlan } from './plan-decision.ts';
import { readDeadLetters } from './selection.ts';

export interface WalkOptions {
  readonly cluster: Pick<Cluster, 'reader'>;
  readonly plan: DecisionPlan;
  readonly signal: OperationRun['signal'];
  readonly onProgress: (progress: ProgressSnapshot) => void;
}

/** Calls `onDeadLetters` with those that the plan asks for, side by side over partitions. */
export async function walkPlan(
  { cluster, plan, signal, onProgress }: WalkOptions,
  onDeadLetters: (deadLetters: readonly DeadLetter[]) => Promise<void> | void,
): Promise<void> {
  const { selection, only } = plan;
  let read = 0;
  await readDeadLetters(cluster, selection, signal, async (deadLetters, records) => {
    await onDeadLetters(deadLetters.filter(({ record }) => only === undefined || only.has(positionOf(record))));
    onProgress({ done: (read += records), total: selection.offsets });
  });
}

/**
 * Calls `onBatch` with at most `maxCount` at a time, one batch after the other, although partitions are read side by
 * side.
 */
export async function walkBatches(
  options: WalkOptions,
  maxCount: number,
  onBatch: (batch: readonly DeadLetter[]) => Promise<void>,
): Promise<void> {
  let turn: Promise<void> = Promise.resolve();
  await walkPlan(options, (deadLetters) => {
    turn = turn.then(async () => {
      for (const batch of inBatches(deadLetters, maxCount)) {
        options.signal.throwIfAborted();
        await onBatch(batch);
      }
    });
    return turn;
  });
}
