/** How replays share what live traffic leaves of a partition: each in turn, a chunk at a time. Pure. */
import { openPartitions, pendingCommands, type ReplayView } from './replay-view.ts';

/** The one after `last`, in the order given; undefined where there is none. */
export function nextInTurn<Item>(items: readonly Item[], last: Item | undefined): Item | undefined {
  const at = last === undefined ? -1 : items.indexOf(last);
  return items[(at + 1) % items.length];
}

/** What may be worked on and not stored yet, in a process over all of its partitions. */
export interface ChunkBound {
  readonly records: number;
  readonly bytes: number;
}

/**
 * While live records come: what a live record that arrives just now waits for must not be felt. A process makes 70 to
 * 120 transactions a second then (ADR 19); with so many records in each, a replay still has thousands a second.
 */
const SMALL: ChunkBound = { records: 80, bytes: 160 * 1_024 };
/** Between two bursts. */
const MEDIUM: ChunkBound = { records: 768, bytes: 512 * 1_024 };
/** While there are none: enough for a transaction's cost to be shared by many. */
const LARGE: ChunkBound = { records: 2_000, bytes: 1_024 * 1_024 };

const BUSY_MS = 100;
const QUIET_MS = 1_000;

/** `sinceLiveMs`: since the process last had a live record of the group in hand. Infinity before the first. */
export function chunkBound(sinceLiveMs: number): ChunkBound {
  if (sinceLiveMs < BUSY_MS) return SMALL;
  return sinceLiveMs < QUIET_MS ? MEDIUM : LARGE;
}

/** Commands of a replay that may have been made and not ended, over all partitions: they cannot be paused any more. */
export const MAX_UNENDED_COMMANDS = 20_000;

/**
 * How many commands the owner of a partition may still make: its part of what is left of the bound. `made`: by this
 * owner, of this partition; what it has published may be a second old.
 */
export function commandsAllowed(view: ReplayView, partition: number, made: number): number {
  const published = view.mapper.get(partition)?.commands ?? 0;
  const left = MAX_UNENDED_COMMANDS - pendingCommands(view) - Math.max(0, made - published);
  return Math.max(0, Math.floor(left / Math.max(1, openPartitions(view).length)));
}
