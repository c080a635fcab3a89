/** Writes orders: the one place. Programs that do so at the same time take turns, so each decides on what is there. */
import type { PlacedRecord, ReplaySnapshot } from '@astrolabe/replay';
import { pauseAfter, retryPolicies } from '@astrolabe/service-kit';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { withExclusiveTransactions } from '../cluster/exclusive-transactions.ts';
import { ReplayBoard } from './replay-board.ts';

export interface ReplayChange<Outcome> {
  readonly outcome: Outcome;
  /** Stored together. Empty: nothing changes. */
  readonly records: readonly PlacedRecord[];
}

export interface ReplayChangeOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'prefix' | 'topics' | 'reader' | 'openTransactionalProducer'>;
  /** In [0, 1), for the pauses between turns. Default `Math.random`. */
  readonly random?: () => number;
}

const MAX_TURNS = 8;

/**
 * `decide` is called with the replays as they are while no other program can change them; again, where another one
 * began meanwhile. Rejects where others come in between each time.
 */
export async function changeReplays<Outcome>(
  { cluster, clock, signal, random = Math.random }: ReplayChangeOptions,
  decide: (snapshot: ReplaySnapshot) => ReplayChange<Outcome> | Promise<ReplayChange<Outcome>>,
): Promise<Outcome> {
  const topic = cluster.topics.replays.name;
  const board = new ReplayBoard(cluster);
  for (let turns = 1; ; turns += 1) {
    // Before its turn: reading all of it takes seconds, in which any other program would end this one's turn.
    await board.refresh(signal);
    const changed = await withExclusiveTransactions(cluster, `${cluster.prefix}astrolabe.replays`, async (commit) => {
      const { outcome, records } = await decide(await board.refresh(signal));
      signal.throwIfAborted();
      if (records.length > 0) await commit([{ topic, records }]);
      return { kind: 'changed', outcome } as const;
    });
    if (changed.kind === 'changed') return changed.outcome;
    if (turns === MAX_TURNS) throw new Error('other programs keep changing replays at the same time; try again');
    // Programs that came back at once would take the turn from each other without end.
    await clock.sleep(pauseAfter(retryPolicies.turn, turns, random()), signal);
  }
}
