import { createKafkaAdmin } from './admin.ts';
import type { KafkaConnection } from './connection.ts';
import type { TopicDefinition } from './topics.ts';

/**
 * One look at the cluster, for services at their start. Rejects with `kafka.unavailable` where it cannot be reached and with
 * `kafka.topic-missing` where a topic is not there; both are retryable, and waited for.
 */
export async function assertTopicsExist(
  connection: KafkaConnection,
  topics: readonly TopicDefinition[],
): Promise<void> {
  const admin = await createKafkaAdmin(connection);
  try {
    await admin.assertTopicsExist(topics);
  } finally {
    await admin.close();
  }
}
