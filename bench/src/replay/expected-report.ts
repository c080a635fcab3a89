/** What the report of a replay must say: a bench that measures the wrong work must fail. Pure. */
import type { ReplayReport } from '@astrolabe/operations';

/** What becomes of each matching command: the ledger has it, or it is delivered again. */
export type Ending = 'skippedByLedger' | 'delivered';

/**
 * How many commands of a replay that is over have ended. Throws unless it read `records` of which each stands for one
 * command, all of them ended like this, and its counts add up; or, where it was cancelled, those that it came to.
 */
export function endedOf(report: ReplayReport, ending: Ending, records: number): number {
  const { read, matched, source, events, commands, cancelled, phase } = report;
  const ended = report[ending];
  const isMapped = source === 'commands' || (events?.mapped === matched && commands === matched);
  const isWhole = phase === 'finished' && read === records && ended === records;
  const isPart = phase === 'cancelled' && read <= records && ended + cancelled === matched;
  if (read === matched && isMapped && (isWhole || isPart)) return ended;
  throw new Error(`${records} records were to be replayed and end as ${ending}: ${JSON.stringify(report)}`);
}
