import type { KafkaConnection } from '@astrolabe/kafka';
import {
  clientOf,
  partitionAssigners,
  type Consumer,
  type GroupMembership,
  type RetryOptions,
} from '@astrolabe/kafka/internal';

export interface ConsumerSettings {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  /** Default 200; bounds the latency of resume and of shutdown (kafkajs wakes for neither). */
  readonly maxWaitTimeMs?: number;
  /** Default 1 MiB a partition in one fetch. */
  readonly maxBytesPerPartition?: number;
  /** After this silence the group gives this member up: how long its partitions rest after a crash. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** How soon a member hears of a rebalance. Default 500. */
  readonly heartbeatIntervalMs?: number;
  /**
   * `group.instance.id`, which no other process has and this one keeps when it is restarted. Default: none; a process
   * that was killed and started again is a new member then, and the old one's partitions rest for the session time-out.
   */
  readonly instanceId?: string | undefined;
}

/**
 * About ten seconds of looking for a broker or a coordinator; then kafkajs starts over, with a pause of `maxRetryTime`.
 */
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 };

/** Defaults. */
export const SESSION = { timeoutMs: 10_000, heartbeatIntervalMs: 500 } as const;

/** Before a member joins again where kafkajs does not do it by itself. */
export const REJOIN_PAUSE_MS = RETRY.maxRetryTime;

/** kafkajs's consumer, not connected yet. It reads committed records only, and commits nothing by itself. */
export function createConsumer(
  {
    connection,
    groupId,
    maxWaitTimeMs = 200,
    maxBytesPerPartition = 1_048_576,
    sessionTimeoutMs = SESSION.timeoutMs,
    heartbeatIntervalMs = SESSION.heartbeatIntervalMs,
  }: ConsumerSettings,
  membership: GroupMembership,
): Consumer {
  return clientOf(connection, RETRY).consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: maxWaitTimeMs,
    maxBytesPerPartition,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: 60_000,
    heartbeatInterval: heartbeatIntervalMs,
    partitionAssigners: partitionAssigners(membership),
    readUncommitted: false,
    // kafkajs starts over after a crash, also where it was told to stop while it crashed.
    retry: { ...RETRY, restartOnFailure: async () => !membership.isOver },
  });
}
