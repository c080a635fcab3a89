/** What is on the dead-letter topics, by cause and connector and, if asked, by time. */
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { createDeadLetterGroups, type DeadLetterGroup } from './core/group-dead-letters.ts';
import { readDecisionLog } from './decision-log.ts';
import { findSelection, readDeadLetters, type SelectionRefusal, type SelectionRequest } from './selection.ts';

export interface ListOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'topics' | 'admin' | 'reader' | 'inspector'>;
  readonly request: SelectionRequest;
  /** Undefined: not by time. */
  readonly intervalMs: number | undefined;
  readonly onProgress: (progress: ProgressSnapshot) => void;
}

export type ListOutcome =
  | {
      readonly kind: 'listed';
      readonly waiting: number;
      readonly redriven: number;
      readonly dismissed: number;
      readonly groups: readonly DeadLetterGroup[];
    }
  | SelectionRefusal;

export async function listDeadLetters(options: ListOptions): Promise<ListOutcome> {
  const { cluster, request, intervalMs, clock, signal, onProgress } = options;
  const log = await readDecisionLog(cluster, signal);
  const found = await findSelection(cluster, request, clock.nowMs());
  if (found.kind !== 'selection') return found;
  const { selection } = found;
  const grouped = createDeadLetterGroups(intervalMs);
  let read = 0;
  await readDeadLetters(cluster, selection, signal, (deadLetters, records) => {
    for (const each of deadLetters) grouped.add(each, log.stateOf(each.record));
    onProgress({ done: (read += records), total: selection.offsets });
  });
  const groups = grouped.all();
  const sum = (of: (group: DeadLetterGroup) => number): number => groups.reduce((total, each) => total + of(each), 0);
  return {
    kind: 'listed',
    waiting: sum(({ waiting }) => waiting),
    redriven: sum(({ redriven }) => redriven),
    dismissed: sum(({ dismissed }) => dismissed),
    groups,
  };
}
