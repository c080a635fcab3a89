/** What a replay would do, in numbers. Pure. */
import type { ReplayCounts, ReplayRequest } from './replay-state.ts';

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
  /** Too large to be sent again, or unreadable. */
  readonly unsendable: number;
  readonly matched: number;
  /** Of commands, or of the commands that were made of the events before. */
  readonly skippedByLedger: number;
  readonly wouldBeSent: number;
}

/** `made`: of events only. */
export function buildForecast(
  { read, replayedBefore, filteredOut, unsendable, knownToLedger, sent }: ReplayCounts,
  made: MadeCommands | undefined,
  { force }: ReplayRequest,
): ReplayForecast {
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
