/** Dead letters of a selection as lines of JSON, to be edited and redriven. */
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { readContent } from './content.ts';
import { toExportLine } from './core/dead-letter-content.ts';
import { readDecisionLog } from './decision-log.ts';
import { findSelection, readDeadLetters, type SelectionRefusal, type SelectionRequest } from './selection.ts';

export interface ExportOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'topics' | 'admin' | 'reader' | 'inspector'>;
  readonly request: SelectionRequest;
  /** Those that were redriven or dismissed as well. */
  readonly withDecided: boolean;
  readonly decoder: CommandDecoder | undefined;
  /** Called once, before the first line: the request is in order. */
  readonly onStart: () => void | Promise<void>;
  readonly onLine: (line: string) => void | Promise<void>;
  readonly onProgress: (progress: ProgressSnapshot) => void;
}

export type ExportOutcome = { readonly kind: 'exported'; readonly exported: number } | SelectionRefusal;

export async function exportDeadLetters(options: ExportOptions): Promise<ExportOutcome> {
  const { cluster, request, withDecided, decoder, clock, signal, onStart, onLine, onProgress } = options;
  const log = await readDecisionLog(cluster, signal);
  const found = await findSelection(cluster, request, clock.nowMs());
  if (found.kind !== 'selection') return found;
  await onStart();
  let read = 0;
  let exported = 0;
  await readDeadLetters(cluster, found.selection, signal, async (deadLetters, records) => {
    for (const each of deadLetters) {
      if (!withDecided && log.stateOf(each.record) !== 'waiting') continue;
      exported += 1;
      await onLine(toExportLine(each, await readContent(each, decoder)));
    }
    onProgress({ done: (read += records), total: found.selection.offsets });
  });
  return { kind: 'exported', exported };
}
