/** What a replay would do, in numbers and in words. Pure. */
import { formatCount } from '../core/table.ts';
import type { MadeCommands } from './count-made-commands.ts';
import type { ReplayForecast } from './plan-replay.ts';
import type { ReplayRequest } from './replay-state.ts';

export interface ForecastReport extends Partial<MadeCommands> {
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  /** Too large to be sent again, or unreadable. */
  readonly unsendable: number;
  readonly matched: number;
  /** Of commands, or of the commands that were made of the events before. */
  readonly skippedByLedger: number;
  readonly wouldBeSent: number;
}

export function reportForecast({ counts, made }: ReplayForecast, { force }: ReplayRequest): ForecastReport {
  const { read, replayedBefore, filteredOut, unsendable, knownToLedger, sent } = counts;
  const matched = knownToLedger + sent;
  const common = {
    read,
    replayedBefore,
    filteredOut,
    unsendable,
    matched,
    skippedByLedger: knownToLedger,
    wouldBeSent: sent,
  };
  if (made === undefined) return common;
  return { ...common, ...made, skippedByLedger: force === true ? 0 : made.skippedByLedger };
}

export function describeForecast(report: ForecastReport, { source }: ReplayRequest): string[] {
  const { read, replayedBefore, filteredOut, unsendable, matched, skippedByLedger, wouldBeSent } = report;
  const { commandsMade, eventsWithoutCommands } = report;
  const passed = unsendable === 0 ? '' : `, ${formatCount(unsendable)} cannot be sent again`;
  const left = `${formatCount(replayedBefore)} replayed before, ${formatCount(filteredOut)} filtered out${passed}`;
  const lines = [`${formatCount(read)} ${source} read: ${left}, ${formatCount(matched)} matched.`];
  if (commandsMade === undefined || eventsWithoutCommands === undefined) {
    lines.push(`The ledger would skip ${formatCount(skippedByLedger)}; ${formatCount(wouldBeSent)} would be sent.`);
    return lines;
  }
  const delivered = formatCount(commandsMade - skippedByLedger);
  lines.push(
    `${formatCount(wouldBeSent)} would be mapped again. Before, they made ${formatCount(commandsMade)} commands, and ${formatCount(eventsWithoutCommands)} of them made none.`,
    `Mapped as before, the ledger would skip ${formatCount(skippedByLedger)} commands and ${delivered} would be delivered.`,
    'An estimate where a rule has changed or a user was suppressed since: what the mapper makes now is known when it has.',
  );
  return lines;
}
