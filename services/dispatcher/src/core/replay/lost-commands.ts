/** Whose commands were lost with a stretch of the topic of replayed commands, which does not tell any more. Pure. */

interface Pending {
  readonly replayId: string;
  /** Commands that were made, and have no end. */
  readonly commands: number;
}

/**
 * Takes those of the replay that was started first for the first of the topic. Offsets may be more than there were
 * commands: transactions leave gaps. Without an end for each command, a replay would never be over.
 */
export function lostCommands(
  offsets: number,
  pending: readonly Pending[],
): readonly { readonly replayId: string; readonly records: number }[] {
  let left = offsets;
  const lost: { replayId: string; records: number }[] = [];
  for (const { replayId, commands } of pending) {
    const records = Math.min(left, commands);
    if (records <= 0) continue;
    lost.push({ replayId, records });
    left -= records;
  }
  return lost;
}
