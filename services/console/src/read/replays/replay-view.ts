/** Replays as the API shows them. Pure. */
import { isOver, type ListedReplay, type ReplayList } from '@astrolabe/operations';
import { toInstant } from '../panel.ts';
import type { ReplayAnswer, ReplayDetail, ReplaysValue } from '../shapes/replays.ts';

export function toReplays({ replays, older }: ReplayList): ReplaysValue {
  return {
    replays: replays.map(toReplay),
    older: older.map((each) =>
      each.kind === 'readable'
        ? { id: each.id, startedAt: each.startedAt, remaining: each.remaining }
        : { id: each.id, unreadable: each.reason },
    ),
  };
}

export function toReplayDetail(replay: ListedReplay): ReplayDetail {
  return {
    ...toReplay(replay),
    partitions: replay.partitions.map(({ partition, fromOffset, endOffset, nextOffset, unread, gaveWayMs }) => ({
      partition,
      fromOffset: fromOffset.toString(),
      endOffset: endOffset.toString(),
      nextOffset: nextOffset?.toString(),
      unread,
      gaveWaySeconds: gaveWayMs / 1_000,
    })),
  };
}

function toReplay(replay: ListedReplay): ReplayAnswer {
  const { connector, type, event, user, account, force, includeReplayed } = replay.request;
  const { report } = replay;
  return {
    id: replay.id,
    source: replay.source,
    phase: replay.phase,
    isOver: isOver(replay.phase),
    isOrphan: replay.isOrphan,
    startedAt: replay.startedAt,
    lastActiveAt: toInstant(replay.lastActiveAtMs),
    filter: { connectors: connector === undefined ? undefined : [...connector], type, event, user, account },
    force: force === true,
    includesReplayed: includeReplayed === true,
    recordsPerSecond: replay.recordsPerSecond,
    share: replay.share,
    readPerSecond: replay.readPerSecond,
    remainingSeconds: replay.remainingMs === undefined ? undefined : replay.remainingMs / 1_000,
    gaveWaySeconds: replay.gaveWayMs / 1_000,
    outcomes: {
      read: report.read,
      replayedBefore: report.replayedBefore,
      filteredOut: report.filteredOut,
      unreadable: report.unreadable,
      expired: report.expired,
      matched: report.matched,
      events: report.events && {
        mapped: report.events.mapped,
        skipped: report.events.skipped,
        dead: report.events.deadLettered,
      },
      commands: {
        made: report.commands,
        knownToLedger: report.skippedByLedger,
        delivered: report.delivered,
        duplicate: report.duplicate,
        dead: report.deadLettered,
        cancelled: report.cancelled,
        lost: report.lost,
        pending: report.pending,
      },
      unread: report.unread,
    },
  };
}
