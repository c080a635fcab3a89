/** What the operator's program says of the replays at the end of a run. */
import type { ListedReplay } from '@astrolabe/operations';
import type { System } from '../cluster/system.ts';
import type { Observed, ObservedReplay, ReplayCounts } from '../oracle/observed.ts';

export async function observeReplays({
  replays,
}: Pick<System, 'replays'>): Promise<Pick<Observed, 'replays' | 'lostReplays'>> {
  if (replays.started.size === 0) return { replays: [], lostReplays: [] };
  const listed = await replays.list();
  const known = new Set(listed.map(({ id }) => id));
  return { replays: listed.map(toObserved), lostReplays: [...replays.started].filter((id) => !known.has(id)) };
}

function toObserved({ id, request, startedAt, phase, partitions, report }: ListedReplay): ObservedReplay {
  return {
    id,
    source: request.source,
    isForced: request.force === true,
    isOfAll: request.toEarliest === true,
    connectorIds: request.connector,
    startedAtMs: Date.parse(startedAt),
    phase: phase === 'finished' || phase === 'cancelled' ? phase : 'open',
    spans: partitions.map(({ partition, fromOffset, endOffset, nextOffset }) => {
      return { partition, fromOffset, endOffset, nextOffset };
    }),
    counts: countsOf(report),
  };
}

function countsOf(report: ListedReplay['report']): ReplayCounts {
  const { read, replayedBefore, filteredOut, unreadable, expired, matched, events, pending } = report;
  const { commands = 0, skippedByLedger, delivered, duplicate, deadLettered, cancelled, lost = 0 } = report;
  const ends = { skippedByLedger, delivered, duplicate, deadLettered, cancelled, lost };
  return { read, replayedBefore, filteredOut, unreadable, expired, matched, events, commands, ...ends, pending };
}
