/** How far a partition's work is behind what can be read of it. Pure. */

/** Where the work on a partition stands. */
export interface WorkPosition {
  /**
   * Everything below is finished: committed, or due to be. Undefined where nothing is: the work begins at the first
   * offset that there is.
   */
  readonly finishedTo: bigint | undefined;
  /** Everything below has been read; undefined before anything has. */
  readonly readTo: bigint | undefined;
  /** When the first unfinished record in hand was written, epoch milliseconds; undefined where none is in hand. */
  readonly oldestAtMs: number | undefined;
}

/** What a look at the brokers has shown of a partition. */
export interface PartitionEnds {
  readonly lowWatermark: bigint;
  /** Records below can be read; beyond it a transaction is open. */
  readonly lastStableOffset: bigint;
  /** From when on the work has been seen at the same offset with something to read, epoch milliseconds. */
  readonly behind: { readonly finishedTo: bigint; readonly sinceMs: number } | undefined;
}

export interface PartitionLag {
  /** Offsets, those of transaction markers included. */
  readonly records: number;
  /** Age of the first unfinished record. */
  readonly seconds: number;
}

/** The next ends, of a look at `nowMs`. */
export function nextEnds(
  before: PartitionEnds | undefined,
  { lowWatermark, lastStableOffset }: Pick<PartitionEnds, 'lowWatermark' | 'lastStableOffset'>,
  workPosition: WorkPosition | undefined,
  nowMs: number,
): PartitionEnds {
  const finishedTo = workPosition === undefined ? undefined : (workPosition.finishedTo ?? lowWatermark);
  const isBehind = finishedTo !== undefined && finishedTo < lastStableOffset;
  if (!isBehind) return { lowWatermark, lastStableOffset, behind: undefined };
  const isSame = before?.behind?.finishedTo === finishedTo;
  return {
    lowWatermark,
    lastStableOffset,
    behind: { finishedTo, sinceMs: isSame ? before.behind.sinceMs : nowMs },
  };
}

/**
 * `ends`: of the last look, which what was read since may have passed. Undefined where nothing is known yet: no lag is
 * something else than none.
 */
export function lagOf(
  workPosition: WorkPosition | undefined,
  ends: PartitionEnds | undefined,
  nowMs: number,
): PartitionLag | undefined {
  const finishedTo = workPosition?.finishedTo ?? ends?.lowWatermark;
  if (workPosition === undefined || finishedTo === undefined) return undefined;
  const { readTo = finishedTo, oldestAtMs } = workPosition;
  const seenEnd = ends?.lastStableOffset ?? readTo;
  const end = seenEnd > readTo ? seenEnd : readTo;
  const records = end > finishedTo ? Number(end - finishedTo) : 0;
  // Nothing in hand though there is something to read: it waits since it was seen at least.
  const unreadSinceMs = ends?.behind?.finishedTo === finishedTo ? ends.behind.sinceMs : nowMs;
  const sinceMs = oldestAtMs ?? unreadSinceMs;
  return { records, seconds: records === 0 ? 0 : Math.max(0, nowMs - sinceMs) / 1_000 };
}
