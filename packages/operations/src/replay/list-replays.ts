/** The replays that there are. */
import type { Cluster } from '../cluster/cluster.ts';
import { hasTopic } from '../cluster/has-topic.ts';
import { readOlderReplay, type OlderReplay } from './core/older-replay.ts';
import { summarize, type ReplaySummary } from './core/replay-report.ts';
import { ReplayBoard } from './replay-board.ts';
import { findOrphans } from './source-topic.ts';

export interface ListedReplay extends ReplaySummary {
  /** Its topic was deleted and created again: nobody works on it any more. */
  readonly isOrphan: boolean;
}

export interface ReplayList {
  /** In the order of their start. */
  readonly replays: readonly ListedReplay[];
  readonly older: readonly OlderReplay[];
}

/** `board`: of who lists them again and again, and need not read everything each time. */
export async function listReplays(
  cluster: Pick<Cluster, 'reader' | 'topics' | 'inspector'>,
  signal: AbortSignal,
  board = new ReplayBoard(cluster),
): Promise<ReplayList> {
  // Where "topics apply" of this version has not run yet there is none.
  if (!(await hasTopic(cluster, cluster.topics.replays.name))) return { replays: [], older: [] };
  const { replays, olderVersion } = await board.refresh(signal);
  const views = [...replays.values()];
  const orphans = await findOrphans(
    cluster,
    views.map(({ order }) => order),
  );
  return {
    replays: views.map((view) => ({ ...summarize(view), isOrphan: orphans.includes(view.order.id) })),
    older: [...olderVersion].map(([id, value]) => readOlderReplay(id, value)),
  };
}

export type FoundReplay =
  | { readonly kind: 'replay'; readonly replay: ListedReplay }
  | { readonly kind: 'older-version'; readonly replay: OlderReplay }
  | { readonly kind: 'unknown'; readonly known: readonly string[] };

export async function findReplay(
  cluster: Pick<Cluster, 'reader' | 'topics' | 'inspector'>,
  id: string,
  signal: AbortSignal,
): Promise<FoundReplay> {
  const { replays, older } = await listReplays(cluster, signal);
  const replay = replays.find((each) => each.id === id);
  if (replay !== undefined) return { kind: 'replay', replay };
  const before = older.find((each) => each.id === id);
  if (before !== undefined) return { kind: 'older-version', replay: before };
  return { kind: 'unknown', known: replays.map((each) => each.id) };
}
