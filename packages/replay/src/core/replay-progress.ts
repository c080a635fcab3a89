/** How far the owner of a partition is with a replay, and what came of it. Written by the services. Pure. */
import type { JsonFields } from './json-fields.ts';

/** Of the records that a cursor has read: all of them together are `readOf`. */
interface ReadCounts {
  /** Copies that a replay of an earlier version appended to the topic. */
  readonly replayedBefore: number;
  readonly filteredOut: number;
  /** Offsets of batches that cannot be decoded: their records are unknown. */
  readonly unreadable: number;
  /** Offsets that retention had removed when the cursor came to them. */
  readonly expired: number;
  readonly deadLettered: number;
}

/** Of events. */
export interface MapperCounts extends ReadCounts {
  /** At least one command came of it. */
  readonly mapped: number;
  /** No command: a mapping rule, a suppressed user, or a repeated event. */
  readonly skipped: number;
}

/** Of commands. */
export interface DispatcherCounts extends ReadCounts {
  /** Read and not started when the replay was cancelled. */
  readonly cancelled: number;
  /** Not sent, because the ledger has an outcome. */
  readonly knownToLedger: number;
  readonly delivered: number;
  /** The API had executed it before. */
  readonly duplicate: number;
}

/** Exact for everything below `nextOffset`. */
export interface CursorProgress<Counts> {
  /** The first offset that is not done. Once all spans of the partition are done: the end of the last, or more. */
  readonly nextOffset: bigint;
  /** Epoch milliseconds. */
  readonly atMs: number;
  /** Time in which it could have worked, and live records had the turn. */
  readonly gaveWayMs: number;
  /** `changedAtMs` of the order that it acts upon: how others know that a pause or a cancellation has taken effect. */
  readonly obeysMs: number;
  readonly counts: Counts;
}

/** Of a replay of events, by partition of the event topic. */
export interface MapperProgress extends CursorProgress<MapperCounts> {
  /** That were made of the events. */
  readonly commands: number;
}

/** Of a replay of commands, by partition of the command topic. */
export type DispatcherProgress = CursorProgress<DispatcherCounts>;

/** What became of the commands that one replay of events has put on a partition of the topic of replayed commands. */
export interface CommandsProgress {
  readonly gaveWayMs: number;
  readonly counts: DispatcherCounts;
}

/**
 * The dispatcher's position on a partition of the topic of replayed commands, with what became of the commands below
 * it. One record for all replays, so that position and counts agree. A replay is in it until its order is removed.
 */
export interface ReplayedCommandsProgress {
  /** Of the topic; undefined where the brokers give none. */
  readonly topicId?: string;
  readonly nextOffset: bigint;
  readonly atMs: number;
  /** By id. */
  readonly replays: Readonly<Record<string, CommandsProgress>>;
}

export const noMapperCounts: MapperCounts = {
  replayedBefore: 0,
  filteredOut: 0,
  unreadable: 0,
  expired: 0,
  mapped: 0,
  skipped: 0,
  deadLettered: 0,
};

export const noDispatcherCounts: DispatcherCounts = {
  replayedBefore: 0,
  filteredOut: 0,
  unreadable: 0,
  expired: 0,
  cancelled: 0,
  knownToLedger: 0,
  delivered: 0,
  duplicate: 0,
  deadLettered: 0,
};

/** Everything that was read ends in exactly one count, so their sum is what was read. */
export function readOf(counts: MapperCounts | DispatcherCounts): number {
  return Object.values(counts as unknown as Readonly<Record<string, number>>).reduce((sum, each) => sum + each, 0);
}

export function addCounts<Counts extends MapperCounts | DispatcherCounts>(a: Counts, b: Partial<Counts>): Counts {
  const more = b as Readonly<Partial<Record<string, number>>>;
  const counts = Object.entries(a as unknown as Readonly<Record<string, number>>);
  return Object.fromEntries(counts.map(([name, count]) => [name, count + (more[name] ?? 0)])) as unknown as Counts;
}

/** Throws on what is not such progress, as the other functions that read. */
export function readMapperProgress(fields: JsonFields): MapperProgress {
  return { ...readCursor(fields, noMapperCounts), commands: fields.number('commands') };
}

export function readDispatcherProgress(fields: JsonFields): DispatcherProgress {
  return readCursor(fields, noDispatcherCounts);
}

export function readReplayedCommands(fields: JsonFields): ReplayedCommandsProgress {
  const replays = fields.object('replays');
  const topicId = fields.optionalText('topicId');
  return {
    ...(topicId !== undefined && { topicId }),
    nextOffset: fields.offset('nextOffset'),
    atMs: fields.number('atMs'),
    replays: Object.fromEntries(
      replays.names.map((id) => {
        const replay = replays.object(id);
        return [
          id,
          { gaveWayMs: replay.number('gaveWayMs'), counts: readCounts(replay.object('counts'), noDispatcherCounts) },
        ];
      }),
    ),
  };
}

function readCursor<Counts extends object>(fields: JsonFields, none: Counts): CursorProgress<Counts> {
  return {
    nextOffset: fields.offset('nextOffset'),
    atMs: fields.number('atMs'),
    gaveWayMs: fields.number('gaveWayMs'),
    obeysMs: fields.number('obeysMs'),
    counts: readCounts(fields.object('counts'), none),
  };
}

function readCounts<Counts extends object>(fields: JsonFields, none: Counts): Counts {
  return Object.fromEntries(Object.keys(none).map((name) => [name, fields.number(name)])) as Counts;
}

/**
 * Of two records under one key the one that is further. A former owner of a partition may write once more after the
 * present one; taking its record would count what it had not finished as not done.
 */
export function furtherOf<Progress extends { readonly nextOffset: bigint; readonly atMs: number }>(
  known: Progress | undefined,
  read: Progress,
): Progress {
  if (known === undefined || read.nextOffset > known.nextOffset) return read;
  return read.nextOffset === known.nextOffset && read.atMs >= known.atMs ? read : known;
}
