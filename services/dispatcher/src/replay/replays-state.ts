/** What the replays of a partition show of themselves. */
export interface ReplaysState {
  /** Records that are still to be done, of replays of events and of commands. */
  readonly lag: { readonly events: number; readonly commands: number };
  readonly inHandRecords: number;
}

/** Before the ledger of a partition is open. */
export const noReplays: ReplaysState = { lag: { events: 0, commands: 0 }, inHandRecords: 0 };
