/** What the ledger knows of a command that has been called for in vain and has not ended. */
export interface FailedAttempts {
  /** As in `Delivery`. */
  readonly commandId: string;
  /** Of the command on the command topic, below 2^48: sent again, by a redrive or a replay, it begins again. */
  readonly offset: bigint;
  /** Answered so far, by all owners of the partition. Below 2^32. */
  readonly count: number;
  /** Of the first answer, epoch milliseconds. */
  readonly firstAtMs: number;
  /** How much of its retry budget is used up, the pause after the last answer included. */
  readonly spentMs: number;
  /** Of the last answer, epoch milliseconds. Known until the window after it. */
  readonly atMs: number;
}
