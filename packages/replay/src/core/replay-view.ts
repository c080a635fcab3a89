/** A replay as a whole: its order, with the progress of all who work on it. Pure. */
import type { ReplayOrder } from './replay-order.ts';
import {
  addCounts,
  noDispatcherCounts,
  noMapperCounts,
  readOf,
  type CommandsProgress,
  type CursorProgress,
  type DispatcherCounts,
  type DispatcherProgress,
  type MapperCounts,
  type MapperProgress,
} from './replay-progress.ts';
import { offsetsIn, partitionsOf, remainingSpans } from './spans.ts';

export interface ReplayView {
  readonly order: ReplayOrder;
  /** Of a replay of events, by partition of the event topic. */
  readonly mapper: ReadonlyMap<number, MapperProgress>;
  /** Of a replay of commands, by partition of the command topic. */
  readonly dispatcher: ReadonlyMap<number, DispatcherProgress>;
  /** Of a replay of events: what became of its commands, by partition of the topic of replayed commands. */
  readonly commands: ReadonlyMap<number, CommandsProgress>;
}

/** The cursors that read the spans: the mapper's of events, the dispatcher's of commands. */
export function cursorsOf({ order, mapper, dispatcher }: ReplayView): ReadonlyMap<number, CursorProgress<unknown>> {
  return order.request.source === 'events' ? mapper : dispatcher;
}

/** Partitions of which something is still to be read. */
export function openPartitions(view: ReplayView): readonly number[] {
  return partitionsOf(view.order).filter((partition) => offsetsLeftIn(view, partition) > 0);
}

/** Offsets of one partition that are still to be read. */
export function offsetsLeftIn(view: ReplayView, partition: number): number {
  const nextOffset = cursorsOf(view).get(partition)?.nextOffset ?? 0n;
  return offsetsIn(remainingSpans(view.order, partition, nextOffset));
}

export interface ReplayTotals {
  readonly offsets: number;
  readonly offsetsLeft: number;
  /** Of a replay of events. */
  readonly events: MapperCounts;
  /** Of its commands, or of a replay of commands. */
  readonly commands: DispatcherCounts;
  /** Of a replay of events: the commands that the mapper made, and those of them that have not ended. */
  readonly commandsMade: number;
  readonly commandsPending: number;
  readonly gaveWayMs: number;
  /** Of the newest progress, epoch milliseconds; undefined before the first. */
  readonly atMs: number | undefined;
}

export function totalsOf(view: ReplayView): ReplayTotals {
  const { order, mapper, dispatcher, commands } = view;
  const isOfEvents = order.request.source === 'events';
  const ends = [...(isOfEvents ? commands : dispatcher).values()];
  const cursors = [...cursorsOf(view).values()];
  const commandCounts = ends
    .map(({ counts }) => counts)
    .reduce((sum, each) => addCounts(sum, each), noDispatcherCounts);
  return {
    offsets: offsetsIn(order.spans),
    offsetsLeft: partitionsOf(order).reduce((sum, partition) => sum + offsetsLeftIn(view, partition), 0),
    events: [...mapper.values()]
      .map(({ counts }) => counts)
      .reduce((sum, each) => addCounts(sum, each), noMapperCounts),
    commands: commandCounts,
    commandsMade: madeCommands(view),
    commandsPending: pendingCommands(view),
    gaveWayMs: [...cursors, ...(isOfEvents ? ends : [])].reduce((sum, each) => sum + each.gaveWayMs, 0),
    atMs: cursors.length === 0 ? undefined : Math.max(...cursors.map(({ atMs }) => atMs)),
  };
}

/** Of a replay of events: commands that were made and have not ended. None of a replay of commands. */
export function pendingCommands(view: ReplayView): number {
  return view.order.request.source === 'events' ? Math.max(0, madeCommands(view) - endedCommands(view)) : 0;
}

function madeCommands({ mapper }: ReplayView): number {
  let made = 0;
  for (const { commands } of mapper.values()) made += commands;
  return made;
}

function endedCommands({ commands }: ReplayView): number {
  let ended = 0;
  for (const { counts } of commands.values()) ended += readOf(counts);
  return ended;
}
