/**
 * Offsets of two topics in one ledger: that of the commands, and that of replayed commands, whose offsets have the
 * highest of their 48 bits set. So nobody takes one for a place on the other topic. Pure.
 */
const REPLAYED = 1n << 47n;

/** As it is recorded, of a command on the topic of replayed commands. */
export function toReplayedOffset(offset: bigint): bigint {
  return REPLAYED | offset;
}

/** The offset on the topic of replayed commands; undefined where it is one on the topic of commands. */
export function replayedOffsetOf(recorded: bigint): bigint | undefined {
  return recorded < REPLAYED ? undefined : recorded - REPLAYED;
}
