/** A replay in numbers that add up, at any moment. Pure. */
import {
  offsetsLeftIn,
  cursorsOf,
  partitionsOf,
  phaseOf,
  readOf,
  spansOf,
  totalsOf,
  type ReplayPhase,
  type ReplayRequest,
  type ReplaySource,
  type ReplayView,
} from '@astrolabe/replay';

export interface ReplayReport {
  readonly replayId: string;
  readonly source: ReplaySource;
  readonly phase: ReplayPhase;
  /** Records; offsets of what could not be decoded or had expired. */
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  readonly unreadable: number;
  /** Retention had removed them before they were read. */
  readonly expired: number;
  readonly matched: number;
  /** Of events only: what became of them, and how many commands they made. */
  readonly events?: { readonly mapped: number; readonly skipped: number; readonly deadLettered: number };
  readonly commands?: number;
  readonly skippedByLedger: number;
  readonly delivered: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  /** Matching commands that were not started when the replay was cancelled. */
  readonly cancelled: number;
  /** Of events only: commands that expired, or could not be decoded, before they were delivered. */
  readonly lost?: number;
  /** Of events only: commands that have not ended. */
  readonly pending: number;
  /** Offsets in range that are not read. */
  readonly unread: number;
}

/**
 * `read` = `replayedBefore` + `filteredOut` + `unreadable` + `expired` + `matched`. Of commands, `matched` =
 * `skippedByLedger` + `delivered` + `duplicate` + `deadLettered` + `cancelled`. Of events, `matched` is all of
 * `events`, and `commands` = those five + `lost` + `pending`.
 */
export function buildReport(view: ReplayView): ReplayReport {
  const { order } = view;
  const { source } = order.request;
  const totals = totalsOf(view);
  const { events, commands } = totals;
  const cursor = source === 'events' ? events : commands;
  const { replayedBefore, filteredOut, unreadable, expired } = cursor;
  const read = readOf(cursor);
  const common = {
    replayId: order.id,
    source,
    phase: phaseOf(view),
    read,
    replayedBefore,
    filteredOut,
    unreadable,
    expired,
    matched: read - replayedBefore - filteredOut - unreadable - expired,
  };
  const ends = {
    skippedByLedger: commands.knownToLedger,
    delivered: commands.delivered,
    duplicate: commands.duplicate,
    deadLettered: commands.deadLettered,
    cancelled: commands.cancelled,
  };
  const left = { pending: totals.commandsPending, unread: totals.offsetsLeft };
  if (source === 'commands') return { ...common, ...ends, ...left };
  const { mapped, skipped, deadLettered } = events;
  const lost = commands.expired + commands.unreadable;
  return {
    ...common,
    events: { mapped, skipped, deadLettered },
    commands: totals.commandsMade,
    ...ends,
    lost,
    ...left,
  };
}

export interface PartitionProgress {
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
  /** Undefined: its owner has not taken it yet. */
  readonly nextOffset: bigint | undefined;
  readonly unread: number;
  readonly gaveWayMs: number;
}

/** A replay as it is listed and shown. */
export interface ReplaySummary {
  readonly id: string;
  readonly source: ReplaySource;
  readonly phase: ReplayPhase;
  readonly request: ReplayRequest;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of the newest progress, or of the last change of its order. Epoch milliseconds. */
  readonly lastActiveAtMs: number;
  /** The cap; undefined where there is none. */
  readonly recordsPerSecond: number | undefined;
  /** Share of the offsets in range that are read and of the commands that have ended. From 0 to 1. */
  readonly share: number;
  /** Offsets a second from the start on, while it runs; undefined otherwise. */
  readonly readPerSecond: number | undefined;
  /** At that rate; undefined where that is not known. */
  readonly remainingMs: number | undefined;
  /** Summed over partitions: work that waited because live records had the turn. */
  readonly gaveWayMs: number;
  readonly partitions: readonly PartitionProgress[];
  readonly report: ReplayReport;
}

export function summarize(view: ReplayView): ReplaySummary {
  const { order } = view;
  const { id, request, startedAtMs, recordsPerSecond } = order;
  const totals = totalsOf(view);
  const phase = phaseOf(view);
  const done = totals.offsets - totals.offsetsLeft;
  const elapsedMs = totals.atMs === undefined ? 0 : totals.atMs - startedAtMs;
  const readPerSecond = phase === 'running' && elapsedMs > 0 ? (done * 1_000) / elapsedMs : undefined;
  const ended = totals.commandsMade === 0 ? 1 : 1 - totals.commandsPending / totals.commandsMade;
  return {
    id,
    source: request.source,
    phase,
    request,
    startedAt: new Date(startedAtMs).toISOString(),
    lastActiveAtMs: Math.max(order.changedAtMs, totals.atMs ?? 0),
    recordsPerSecond,
    share: totals.offsets === 0 ? 1 : (done / totals.offsets) * ended,
    readPerSecond,
    remainingMs:
      readPerSecond === undefined || readPerSecond === 0 ? undefined : (totals.offsetsLeft * 1_000) / readPerSecond,
    gaveWayMs: totals.gaveWayMs,
    partitions: partitionsOf(order).map((partition) => partitionProgress(view, partition)),
    report: buildReport(view),
  };
}

function partitionProgress(view: ReplayView, partition: number): PartitionProgress {
  const spans = spansOf(view.order, partition);
  const progress = cursorsOf(view).get(partition);
  return {
    partition,
    fromOffset: spans[0]?.fromOffset ?? 0n,
    endOffset: spans.at(-1)?.endOffset ?? 0n,
    nextOffset: progress?.nextOffset,
    unread: offsetsLeftIn(view, partition),
    gaveWayMs: progress?.gaveWayMs ?? 0,
  };
}
