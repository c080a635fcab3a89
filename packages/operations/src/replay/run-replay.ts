/**
 * Sends the records of a replay through their topic again, and waits until all of them have ended.
 *
 * 1. Take over the replay's transactional id: another run of it commits nothing any more, and what it has committed is
 * final. 2. Read the replay's state; a new one is stored before anything is sent. 3. Send, a transaction for each
 * batch. 4. Wait for what is under way.
 */
import type { ProgressSnapshot } from '../cluster/cluster.ts';
import { isFenced, withExclusiveTransactions, type TakenOver } from '../cluster/exclusive-transactions.ts';
import type { ServiceGroups } from '../cluster/service-readings.ts';
import { buildReport, type ReplayReport } from './core/replay-report.ts';
import type { ReplayState } from './core/replay-state.ts';
import { openSource, type ReplaySourceOptions } from './open-source.ts';
import { OutcomeWatcher } from './outcome-watcher.ts';
import type { SkippedRecords } from './read-source.ts';
import { findReplay } from './replay-log.ts';
import { ReplaySender, Stalled, type ReplayLimits } from './replay-sender.ts';
import { inTheseTopics, readTopicIds } from './replay-topics.ts';

export interface RunReplayOptions extends ReplaySourceOptions {
  readonly groups: ServiceGroups;
  readonly limits: ReplayLimits;
  readonly onEvent: (event: ReplayEvent) => void;
}

export type ReplayEvent =
  | { readonly kind: 'progress'; readonly progress: ProgressSnapshot }
  | { readonly kind: 'skipped'; readonly skipped: SkippedRecords };

/** Why a replay stopped before everything had ended. What is stored is certain: another run resumes there. */
export type ReplayStop =
  /** The services made no progress for as long as the limits allow. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'interrupted'; readonly reason: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

export type ReplayOutcome =
  | { readonly kind: 'ended'; readonly report: ReplayReport }
  | { readonly kind: 'stopped'; readonly report: ReplayReport; readonly stop: ReplayStop }
  /** Another run of the same replay has started; it reports. */
  | TakenOver;

/** Rejects where nothing was sent yet. */
export async function runReplay(options: RunReplayOptions): Promise<ReplayOutcome> {
  const { cluster, state: initial, groups, limits, clock, signal, onEvent } = options;
  const { id } = initial;
  const transactionalId = `${cluster.prefix}astrolabe.replay.${id}`;
  return withExclusiveTransactions(cluster, transactionalId, async (commit): Promise<ReplayOutcome> => {
    const found = (await findReplay(cluster, id, signal)) ?? initial;
    const state = inTheseTopics(found, await readTopicIds(cluster));
    const source = await openSource({ ...options, state }, (skipped) => onEvent({ kind: 'skipped', skipped }));
    const watcher = new OutcomeWatcher(cluster, groups, state);
    const onProgress = (progress: ProgressSnapshot): void => onEvent({ kind: 'progress', progress });
    const sender = new ReplaySender({ cluster, source, state, limits, watcher, commit, clock, signal, onProgress });
    await sender.commit([]);
    const stop = await sendAll(sender, state, signal);
    const { tally } = watcher;
    const report = buildReport({
      id,
      source: state.request.source,
      counts: sender.stored,
      commandEnds: tally.commands,
      eventEnds: tally.events,
      commandsSeen: tally.commandsSeen,
      pending: sender.pending,
    });
    return stop === undefined ? { kind: 'ended', report } : { kind: 'stopped', report, stop };
  });
}

/** Resolves with what stopped it early, if anything did. */
async function sendAll(
  sender: ReplaySender,
  { spans }: ReplayState,
  signal: AbortSignal,
): Promise<ReplayStop | undefined> {
  try {
    for (const span of spans) await sender.send(span);
    await sender.untilAllEnded();
    return undefined;
  } catch (error) {
    if (isFenced(error)) throw error;
    if (error instanceof Stalled) return { kind: 'stalled' };
    return signal.aborted ? { kind: 'interrupted', reason: error } : { kind: 'failed', error };
  }
}
