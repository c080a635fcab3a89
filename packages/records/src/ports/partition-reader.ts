/**
 * Reads partitions by offset, without a consumer group: a group costs the broker's `group.initial.rebalance.delay.ms`
 * (3 s by default) before its first record. `createPartitionReader` (kafkajs-partition-reader.ts) reads from brokers,
 * `createInMemoryPartitionReader` from memory.
 */
import type { ConsumedRecord } from '../record/record.ts';

/** Part of a partition, and who takes its records. */
export interface PartitionRange {
  readonly topic: string;
  readonly partition: number;
  /**
   * First offset to read; default: the low watermark. What is below the low watermark is gone (retention, deleted
   * records): reading begins at what is there.
   */
  readonly fromOffset?: bigint | undefined;
  /**
   * The offset to stop before. Default: the last stable offset as it is at the call, so that an open transaction is not
   * waited for, and nothing that comes later is read. An end that is not reached yet is waited for, through open
   * transactions and beyond the last record, until `signal` aborts: a live tail has an end far away.
   */
  readonly endOffset?: bigint | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * `all`: also what is not committed, be it aborted or of an open transaction, up to the high watermark. Default
   * `committed`.
   */
  readonly isolation?: 'committed' | 'all' | undefined;
  /**
   * Gets the committed records in the order of their offsets, at least one in each call; the next call comes after this
   * one's promise is fulfilled. `nextOffset` is where a later read goes on. Keys and values are views of fetched bytes,
   * megabytes of them: who keeps a few makes copies.
   */
  readonly onRecords: (records: readonly ConsumedRecord[], nextOffset: bigint) => void | Promise<void>;
  /**
   * Given, a batch that cannot be read (corrupt, or it inflates to more than is read of one) is reported and skipped.
   * Otherwise the read rejects there with `kafka.batch-unreadable`.
   */
  readonly onUnreadable?: ((batch: UnreadableBatch) => void) | undefined;
  /** Skips what need not be decoded, for a search by an id. */
  readonly only?: ContainsFilter | undefined;
}

/** Offsets from `fromOffset` up to, not including, `nextOffset`. */
export interface UnreadableBatch {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly nextOffset: bigint;
  /** What is wrong with it, for people. */
  readonly reason: string;
}

export interface ContainsFilter {
  /**
   * Of a key, a value or a header. Records are skipped, batch by batch, where these bytes are nowhere in the batch,
   * which is several times faster than decoding them; those that are given out need not hold them all.
   */
  readonly bytes: Buffer;
  readonly onSkipped: (records: number) => void;
}

/** Offsets of a partition at one moment: `lowWatermark` <= `lastStableOffset` <= `highWatermark`. */
export interface PartitionOffsets {
  /** The first offset that is still there. */
  readonly lowWatermark: bigint;
  /**
   * Where the first open transaction begins; without one, the high watermark. Records below it are committed or aborted
   * for good.
   */
  readonly lastStableOffset: bigint;
  /** The offset after the last replicated record. */
  readonly highWatermark: bigint;
}

/**
 * Called by: the state store at each assignment of a partition, replay, the command line. Reads of several partitions
 * may run side by side.
 *
 * Success of `read`: every committed record of the range that is still there was given to `onRecords` once, in order,
 * or skipped by `only`; resolves with the offset that follows, the end of the range (or `fromOffset` if that is
 * higher). Markers of transactions, aborted records and what compaction removed leave gaps in the offsets.
 *
 * Failure: rejects with what `onRecords` throws, unchanged; with the signal's reason, as soon as a running `onRecords`
 * has settled; or with a `PipelineError`: `kafka.topic-missing` (retryable: no such topic or partition),
 * `kafka.unauthorized` (retryable), `kafka.unavailable` (retryable: no leader answered within `giveUpAfterMs`, or the
 * reader was closed), `kafka.offset-out-of-range` (final: `fromOffset` is beyond the high watermark and the range
 * is not empty, so the records before it were lost or the topic is another one), `kafka.request-refused` (final),
 * `kafka.batch-unreadable` (final: a batch that cannot be decoded).
 */
export interface PartitionReader {
  read(range: PartitionRange): Promise<bigint>;
  offsets(topic: string, partition: number): Promise<PartitionOffsets>;
  /** Ends reads under way, then disconnects. Later reads reject. */
  close(): Promise<void>;
}
