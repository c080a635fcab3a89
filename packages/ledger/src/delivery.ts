/** What the ledger knows of a command: the fact that it has ended, how, when, and where the command stands. */

/**
 * - `delivered`: the API had the effect and said so
 * - `duplicate`: the API said that it had the effect before
 * - `dead-lettered`: the command was given up and stands on the dead-letter topic
 *
 * All three are final: the command must not be sent again.
 */
export type DeliveryOutcome = 'delivered' | 'duplicate' | 'dead-lettered';

export interface Delivery {
  /**
   * As in the command. The disk holds a 128-bit key: an id that is not 32 lower-case hexadecimal digits is read back as
   * that key, written in this form.
   */
  readonly commandId: string;
  readonly connectorId: string;
  readonly outcome: DeliveryOutcome;
  /** HTTP status of the last answer; undefined where there was none. */
  readonly status: number | undefined;
  /**
   * Of the command on the command topic, or of a replayed one (`toReplayedOffset`); below 2^48. The partition is the
   * ledger's own.
   */
  readonly offset: bigint;
  /** When the answer came, epoch milliseconds. The window counts from here. */
  readonly atMs: number;
}
