/**
 * Where a stateful processor keeps what it has done: its outputs, its state and its position in the input, stored as
 * one. `openChangelogStore` of @astrolabe/processing keeps it on the brokers, `createInMemoryChangelogStore` in memory.
 */
import type { PartitionOffsets } from './partition-reader.ts';
import type { ConsumedRecord, OutgoingRecord } from '../record/record.ts';

/** A record and the topic it goes to. */
export interface TopicRecord extends OutgoingRecord {
  readonly topic: string;
}

/** What becomes visible to readers of committed records together, or never. */
export interface TransactionBatch {
  /** In order; order holds within a partition. */
  readonly outputs: readonly TopicRecord[];
  /**
   * Records of the input partition's own partition of the changelog topic: changes of the state, the position in the
   * input last.
   */
  readonly state: readonly OutgoingRecord[];
}

export type WriteOutcome =
  | { readonly kind: 'written' }
  /**
   * Another process has taken over this partition, or another one of the same writer's process. Nothing of the batch is
   * visible, and nothing will be. Which it was, the next takeover tells.
   */
  | { readonly kind: 'fenced' };

export type Takeover =
  | { readonly kind: 'owned'; readonly writer: BatchWriter }
  /**
   * Another process has taken the partition over since it was this one's. Told once: the next takeover takes it back.
   */
  | { readonly kind: 'superseded' };

/**
 * Writes the batches of one input partition.
 *
 * Called once for each batch of input records. Up to `maxInFlight` calls may overlap, and one of replayed records
 * beside them: batches become visible in the order of the calls, and after one has failed all later ones fail.
 *
 * Success: `written` once the batch is certain to become visible, as it does a moment later. Failure: rejects with a
 * `PipelineError`. Retryable: nobody knows whether the batch is visible; open a new writer and read what the log holds.
 * Final (`kafka.record-too-large`, `kafka.request-refused`): the batch is not visible and can never be. After either,
 * and after `fenced`, the writer is spent.
 */
export interface BatchWriter {
  readonly maxInFlight: number;
  /** Resolves once the writer is spent, be it by what was written for other partitions. Never rejects. */
  readonly spent: Promise<void>;
  write(batch: TransactionBatch): Promise<WriteOutcome>;
  /** What is under way is abandoned, and the partition left to its next owner. Never rejects. */
  close(): Promise<void>;
}

/** The offset that the consumer group has stored for the input partition. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** Text that came with the commit. */
  readonly metadata: string;
}

/** An input partition. */
export interface InputPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * One for each consumer group and input topic in a process. Methods reject with a `PipelineError`; retryable as its
 * code says.
 */
export interface ChangelogStore {
  readonly groupId: string;
  /** Has a partition for each one of the input topic. */
  readonly changelogTopic: string;
  /**
   * Takes the partition over, and calls `onRecords` with what its part of the changelog topic holds, in order: some
   * thousand records at a time, the next ones when it has resolved. When this resolves with a writer, no earlier writer
   * can make anything visible any more, and all that they made visible was given to `onRecords` (under the guarantee
   * `at-least-once` earlier writers still can). Otherwise what was given counts for nothing. Called at each assignment,
   * and again after each failure. Rejects with the signal's reason.
   */
  takeOver(
    input: InputPartition,
    onRecords: (records: readonly ConsumedRecord[]) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<Takeover>;
  /** As a takeover reads, up to the end at the call, for an owner that has to read again. */
  readState(
    partition: number,
    onRecords: (records: readonly ConsumedRecord[]) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Undefined where the group has stored none. */
  committedOffset(input: InputPartition): Promise<CommittedOffset | undefined>;
  inputOffsets(input: InputPartition): Promise<PartitionOffsets>;
  close(): Promise<void>;
}
