/** A member of a consumer group: what it is given, and what it tells. */
import type { Logger } from '@astrolabe/service-kit';
import type { PipelineError } from '@astrolabe/service-kit/errors';
import type { WorkPosition } from './core/partition-lag.ts';
import type { ConsumerSettings } from './create-consumer.ts';
import type { GroupSession, PartitionProcessor } from './partition-processor.ts';

export interface GroupConsumerOptions extends ConsumerSettings {
  readonly topic: string;
  readonly createProcessor: (session: GroupSession) => PartitionProcessor;
  /** What stops the consumer for good: the caller shuts the process down. Called at most once. */
  readonly onFault: (fault: PipelineError) => void;
  readonly logger: Logger;
  /** Default 100. After a crash at most this much finished work is repeated. */
  readonly commitIntervalMs?: number;
}

export interface GroupConsumer {
  /** Partitions owned now. */
  assignment(): readonly number[];
  /** Where the work on each of them stands; undefined where that is not known yet. */
  workPositions(): ReadonlyMap<number, WorkPosition | undefined>;
  /** Assignments that the group has made since the start, the first one included. */
  rebalances(): number;
  /** Whether the group has been joined and the consumer runs. */
  isRunning(): boolean;
  /** Why the consumer does not read; undefined while it is a member of its group. */
  trouble(): string | undefined;
  /**
   * How long ago the group last answered. Beyond the session time-out, others may have the partitions that
   * `assignment` still names.
   */
  silentMs(): number;
  /**
   * Works on until the other members of the group take the partitions, for half of `deadlineMs` at most; then stops
   * fetching, lets work in flight finish until `deadlineMs`, commits, leaves the group. Never rejects.
   */
  close(deadlineMs: number): Promise<void>;
}
