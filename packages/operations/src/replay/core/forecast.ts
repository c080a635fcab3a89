/** What a replay would do, in numbers. Pure. */
import type { ReplayRequest } from '@astrolabe/replay';

/** Of the records in range: `read` is `replayedBefore` + `filteredOut` + `unreadable` + `matched`. */
export interface SourceCounts {
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  /** Offsets of batches that cannot be decoded. */
  readonly unreadable: number;
  readonly matched: number;
  /** Of commands: those of `matched` that the ledger has as delivered. */
  readonly knownToLedger: number;
}

/** Commands that were made of the events of a replay before. */
export interface MadeCommands {
  /** Each once, however often it is on the topic. */
  readonly commandsMade: number;
  /** Of these, those that the ledger has as delivered. */
  readonly skippedByLedger: number;
  /** Events without a command on the topic. */
  readonly eventsWithoutCommands: number;
}

export interface ReplayForecast extends Partial<MadeCommands> {
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  readonly unreadable: number;
  readonly matched: number;
  /** Of commands, or of the commands that were made of the events before. */
  readonly skippedByLedger: number;
  /** Commands that would be sent, or events that would be mapped. */
  readonly wouldBeSent: number;
}

/** `made`: of events only. */
export function buildForecast(
  { knownToLedger, ...counts }: SourceCounts,
  made: MadeCommands | undefined,
  { force }: ReplayRequest,
): ReplayForecast {
  const common = { ...counts, skippedByLedger: knownToLedger, wouldBeSent: counts.matched - knownToLedger };
  if (made === undefined) return common;
  return { ...common, ...made, skippedByLedger: force === true ? 0 : made.skippedByLedger };
}
