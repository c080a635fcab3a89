/** Writes orders: the one place. Programs that do so at the same time take turns, so each decides on what is there. */
import type { PlacedRecord, ReplaySnapshot } from '@astrolabe/replay';
import type { Cluster } from '../cluster/cluster.ts';
import { withExclusiveTransactions } from '../cluster/exclusive-transactions.ts';
import { ReplayBoard } from './replay-board.ts';

export interface ReplayChange<Outcome> {
  readonly outcome: Outcome;
  /** Stored together. Empty: nothing changes. */
  readonly records: readonly PlacedRecord[];
}

const MAX_TURNS = 5;

/**
 * `decide` is called with the replays as they are while no other program can change them; again, where another one
 * began meanwhile. Rejects where others come in between each time.
 */
export async function changeReplays<Outcome>(
  cluster: Pick<Cluster, 'prefix' | 'topics' | 'reader' | 'openTransactionalProducer'>,
  decide: (snapshot: ReplaySnapshot) => ReplayChange<Outcome> | Promise<ReplayChange<Outcome>>,
  signal: AbortSignal,
): Promise<Outcome> {
  const topic = cluster.topics.replays.name;
  for (let turns = 0; turns < MAX_TURNS; turns += 1) {
    const changed = await withExclusiveTransactions(cluster, `${cluster.prefix}astrolabe.replays`, async (commit) => {
      const { outcome, records } = await decide(await new ReplayBoard(cluster).refresh(signal));
      signal.throwIfAborted();
      if (records.length > 0) await commit([{ topic, records }]);
      return { kind: 'changed', outcome } as const;
    });
    if (changed.kind === 'changed') return changed.outcome;
  }
  throw new Error('other programs keep changing replays at the same time; try again');
}
