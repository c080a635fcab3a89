import type { ConsumedRecord, PartitionOffsets, UnreadableBatch } from '@astrolabe/records';

/** A stretch of a partition: what is still there of it and was committed. */
export interface ReplayPage {
  readonly records: readonly ConsumedRecord[];
  /** Batches that cannot be decoded, in order. */
  readonly unreadable: readonly Pick<UnreadableBatch, 'fromOffset' | 'nextOffset'>[];
  /** Above the offset asked for. */
  readonly nextOffset: bigint;
  /** Offsets at its beginning that the topic has dropped. */
  readonly expired: number;
}

/** Called by the cursors of replays, each for one page at a time. */
export interface ReplayReader {
  /**
   * Reads some of the records from `fromOffset` up to, not including, `endOffset`, which is no later than a last stable
   * offset that was seen. Waits out what may pass. Rejects with the signal's reason, or with a fault.
   */
  page(
    topic: string,
    partition: number,
    fromOffset: bigint,
    endOffset: bigint,
    signal: AbortSignal,
  ): Promise<ReplayPage>;
  /** Where the partition begins and ends at the moment; likewise. */
  bounds(topic: string, partition: number, signal: AbortSignal): Promise<PartitionOffsets>;
}
