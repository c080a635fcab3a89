/** A chunk as it stands on the changelog. */
export interface ChangelogChunk {
  readonly offset: bigint;
  readonly bytes: Buffer;
}

export interface ChangelogRange {
  /** First offset to read. Below the low watermark, reading starts there. */
  readonly fromOffset: bigint;
  /** Offset to stop before. Default: the high watermark as it is at the call. */
  readonly untilOffset?: bigint;
  readonly signal?: AbortSignal;
}

/**
 * The topic that the ledger can always be built from again: `astrolabe.deliveries.v1`, with the partition numbers of
 * the command topic.
 *
 * A partition has one owner by the rules of the consumer group, but an owner that does not know yet that it has lost
 * the partition may append beside the new one: what it appends is as true.
 *
 * Faults are `PipelineError`s; a retryable one may be tried again as it is.
 */
export interface LedgerChangelog {
  /**
   * Called by each partition's ledger with one chunk at a time. Success: all in-sync replicas have the chunk, and every
   * later `read` will find it at the offset returned. After a failure it may be there or not; the ledger appends it
   * again.
   */
  append(partition: number, chunk: Buffer): Promise<bigint>;
  /**
   * Called at each assignment, and where something else was appended between two chunks of our own. Hands out what is
   * there from `fromOffset` on, in order, several chunks at a time; the next ones come when `onChunks` has resolved.
   * Resolves with the offset after the last that was looked at; where `fromOffset` lies beyond the end, hands out
   * nothing and resolves with the end. Rejects with what `onChunks` rejects with.
   */
  read(
    partition: number,
    range: ChangelogRange,
    onChunks: (chunks: readonly ChangelogChunk[]) => void | Promise<void>,
  ): Promise<bigint>;
  /** An offset below which no chunk was appended at or after `timeMs`. */
  offsetSince(partition: number, timeMs: number): Promise<bigint>;
}
