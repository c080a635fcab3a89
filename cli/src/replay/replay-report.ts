/** The end of a replay in numbers that add up. Pure. */
import { formatCount } from '../core/table.ts';
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
  /** Where it ended before everything had: why, and how another run goes on. */
  readonly stopped?: Stop;
}

export interface Stop {
  readonly reason: string;
  readonly resume: string;
}

export interface ReportParts {
  readonly id: string;
  readonly source: ReplaySource;
  readonly counts: ReplayCounts;
  readonly commandEnds: CommandEnds;
  readonly eventEnds: EventEnds;
  readonly commandsSeen: number;
  readonly pending: number;
  readonly stopped: Stop | undefined;
}

/**
 * `read` = `replayedBefore` + `filteredOut` + `unsendable` + `matched`. Of commands, `matched` = `skippedByLedger` + `delivered` + `duplicate` +
 * `deadLettered` + `pending`. Of events, `matched` + `commands` = all of `events` + those four + `pending`.
 */
export function buildReport({
  id,
  source,
  counts,
  commandEnds,
  eventEnds,
  commandsSeen,
  pending,
  stopped,
}: ReportParts): ReplayReport {
  const { read, replayedBefore, filteredOut, unsendable, knownToLedger, sent } = counts;
  const skippedByLedger = commandEnds.skippedByLedger + knownToLedger;
  const matched = knownToLedger + sent;
  const common = { replayId: id, read, replayedBefore, filteredOut, unsendable, matched };
  const ends = { ...commandEnds, skippedByLedger };
  const last = { pending, ...(stopped === undefined ? {} : { stopped }) };
  if (source === 'commands') return { ...common, ...ends, ...last };
  return { ...common, events: { ...eventEnds }, commands: commandsSeen, ...ends, ...last };
}

export function describeReport(report: ReplayReport): string[] {
  const { replayId, read, replayedBefore, filteredOut, unsendable, matched, events, commands, pending, stopped } =
    report;
  const { skippedByLedger, delivered, duplicate, deadLettered } = report;
  const row = (name: string, count: number): string => `${name.padEnd(28)}${formatCount(count).padStart(12)}`;
  return [
    `Replay ${replayId}`,
    row('read', read),
    row('  replayed before, left out', replayedBefore),
    row('  filtered out', filteredOut),
    ...(unsendable > 0 ? [row('  cannot be sent again', unsendable)] : []),
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
    ...(stopped === undefined ? [] : describeStop(stopped, pending)),
  ];
}

function describeStop({ reason, resume }: Stop, pending: number): string[] {
  const left = pending > 0 ? ' What is pending is on its topic and ends when the services go on.' : '';
  return [`Stopped before its end: ${reason}.${left}`, `Nothing is lost. To go on: ${resume}`];
}
