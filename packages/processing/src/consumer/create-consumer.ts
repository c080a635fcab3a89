import type { KafkaConnection } from '@astrolabe/kafka';
import { clientOf, type Consumer, type RetryOptions } from '@astrolabe/kafka/internal';

/** See `GroupConsumerOptions`. */
export interface ConsumerSettings {
  readonly groupId: string;
  readonly maxWaitTimeMs?: number;
  readonly maxBytesPerPartition?: number;
  readonly sessionTimeoutMs?: number;
}

/**
 * About ten seconds of looking for a broker or a coordinator; then kafkajs starts over, with a pause of `maxRetryTime`.
 */
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 };

/** Before a member joins again where kafkajs does not do it by itself. */
export const REJOIN_PAUSE_MS = RETRY.maxRetryTime;

/** kafkajs's consumer, not connected yet. It reads committed records only, and commits nothing by itself. */
export function createConsumer(
  connection: KafkaConnection,
  { groupId, maxWaitTimeMs = 200, maxBytesPerPartition = 1_048_576, sessionTimeoutMs = 10_000 }: ConsumerSettings,
): Consumer {
  return clientOf(connection, RETRY).consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: maxWaitTimeMs,
    maxBytesPerPartition,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: 60_000,
    heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 3)),
    readUncommitted: false,
    retry: RETRY,
  });
}
