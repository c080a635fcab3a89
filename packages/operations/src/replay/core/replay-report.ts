/** The end of a replay in numbers that add up. Pure. */
import type { CommandEnds, EventEnds } from './outcome-tally.ts';
import type { ReplayCounts, ReplaySource } from './replay-state.ts';

export interface ReplayReport extends CommandEnds {
  readonly replayId: string;
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  /** Too large to be sent again, or unreadable. */
  readonly unsendable: number;
  readonly matched: number;
  /** Of events only: what became of them, and how many commands they made. */
  readonly events?: EventEnds;
  readonly commands?: number;
  /** Of what was sent: records, and commands of events. */
  readonly pending: number;
}

export interface ReportParts {
  readonly id: string;
  readonly source: ReplaySource;
  readonly counts: ReplayCounts;
  readonly commandEnds: CommandEnds;
  readonly eventEnds: EventEnds;
  readonly commandsSeen: number;
  readonly pending: number;
}

/**
 * `read` = `replayedBefore` + `filteredOut` + `unsendable` + `matched`. Of commands, `matched` = `skippedByLedger` +
 * `delivered` + `duplicate` + `deadLettered` + `pending`. Of events, `matched` + `commands` = all of `events` + those
 * four + `pending`.
 */
export function buildReport({
  id,
  source,
  counts,
  commandEnds,
  eventEnds,
  commandsSeen,
  pending,
}: ReportParts): ReplayReport {
  const { read, replayedBefore, filteredOut, unsendable, knownToLedger, sent } = counts;
  const skippedByLedger = commandEnds.skippedByLedger + knownToLedger;
  const matched = knownToLedger + sent;
  const common = { replayId: id, read, replayedBefore, filteredOut, unsendable, matched };
  const ends = { ...commandEnds, skippedByLedger };
  if (source === 'commands') return { ...common, ...ends, pending };
  return { ...common, events: { ...eventEnds }, commands: commandsSeen, ...ends, pending };
}
