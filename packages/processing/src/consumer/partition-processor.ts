import type { ConsumedRecord, TopicId } from '@astrolabe/records';
import type { WorkPosition } from './core/partition-lag.ts';

/**
 * One assignment of a partition to this process: from the moment the group assigns it until it is lost or given back. A
 * new assignment of the same partition has a new epoch, and nothing of an earlier one can commit any more.
 */
export interface PartitionSession {
  readonly topic: string;
  readonly partition: number;
  /**
   * Of the topic that the records come from; stored with every position, so that one of another topic of that name is
   * told.
   */
  readonly topicId: TopicId;
  /** Rises with each assignment in this process; for logs and fences. */
  readonly epoch: number;
  /** Aborted once the partition is lost or the consumer shuts down past its deadline: abandon what is in flight. */
  readonly signal: AbortSignal;
  /**
   * Declares every record below `nextOffset` finished; the offset is committed within the commit interval. Ignored when
   * the session is over. `metadata` is kept with the commit, up to 4,096 bytes (`offset.metadata.max.bytes`); the one
   * of the last call counts.
   */
  storeOffset(nextOffset: bigint, metadata?: string): void;
  /**
   * Back-pressure: no further records arrive until `resume` (those already fetched may). Calls need not be balanced.
   */
  pause(): void;
  resume(): void;
  /** Reports what cannot be classified: the whole consumer stops, with this partition uncommitted. */
  fail(fault: unknown): void;
}

/** A session of a consumer group, whose commits can be waited for. */
export interface GroupSession extends PartitionSession {
  /**
   * Declares every record below `nextOffset` finished and resolves when the group has stored that, or a higher offset
   * of this session. Rejects with the signal's reason when the session ends before.
   */
  untilCommitted(nextOffset: bigint): Promise<void>;
}

/** Handles the records of one session. Created by `GroupConsumerOptions.createProcessor` at each assignment. */
export interface PartitionProcessor {
  /**
   * Called by the fetch loop with records in offset order, one call at a time. Must only enqueue and return at once:
   * the loop serves all partitions of a broker, and heartbeats only when it comes round. `nextOffset` follows the last
   * offset of the fetched batch, control records included.
   */
  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void;
  /** Where its work stands, at each scrape and so; undefined while it does not know. Optional. */
  workPosition?(): WorkPosition | undefined;
  /** The consumer closes: what only waits need not be done any more, so that `idle` comes soon. Optional. */
  quiesce?(): void;
  /**
   * Resolves when nothing runs or will run, be it that all is finished, that the rest stands behind a fault, or after
   * `stop`. Never rejects.
   */
  idle(): Promise<void>;
  /**
   * Called once, when the session ends: start nothing more, ignore what is still enqueued. Resolves when nothing of it
   * runs. Never rejects.
   */
  stop(): Promise<void>;
}
