/** The end of a replay in numbers that add up. Pure. */
import { formatCount } from '../core/table.ts';
import type { CommandEnds, EventEnds } from './outcome-tally.ts';
import type { ReplayCounts, ReplaySource } from './replay-state.ts';

export interface ReplayReport extends CommandEnds {
  readonly replayId: string;
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  readonly matched: number;
  /** Of events only: what became of them, and how many commands they made. */
  readonly events?: EventEnds;
  readonly commands?: number;
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
 * `read` = `replayedBefore` + `filteredOut` + `matched`. Of commands `matched`, of events `commands`, is `skippedByLedger` + `delivered` +
 * `duplicate` + `deadLettered`, and of events `matched` is the sum of `events`; each as long as nothing is pending.
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
  const { read, replayedBefore, filteredOut, knownToLedger, sent } = counts;
  const skippedByLedger = commandEnds.skippedByLedger + knownToLedger;
  const matched = knownToLedger + sent;
  const common = { replayId: id, read, replayedBefore, filteredOut, matched };
  const ends = { ...commandEnds, skippedByLedger };
  if (source === 'commands') return { ...common, ...ends, pending };
  return { ...common, events: { ...eventEnds }, commands: commandsSeen, ...ends, pending };
}

export function describeReport(report: ReplayReport): string[] {
  const { replayId, read, replayedBefore, filteredOut, matched, events, commands, pending } = report;
  const { skippedByLedger, delivered, duplicate, deadLettered } = report;
  const row = (name: string, count: number): string => `${name.padEnd(28)}${formatCount(count).padStart(12)}`;
  return [
    `Replay ${replayId}`,
    row('read', read),
    row('  replayed before, left out', replayedBefore),
    row('  filtered out', filteredOut),
    row('  matched', matched),
    ...(events === undefined
      ? []
      : [
          row('    made commands', events.mapped),
          row('    made none', events.skipped),
          row('    dead-lettered', events.deadLettered),
          row('commands', commands ?? 0),
        ]),
    row('    skipped by the ledger', skippedByLedger),
    row('    delivered', delivered),
    row('    duplicates at the API', duplicate),
    row('    dead-lettered', deadLettered),
    ...(pending > 0 ? [row('pending', pending)] : []),
  ];
}
