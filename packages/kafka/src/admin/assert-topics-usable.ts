import type { KafkaConnection } from '../connection.ts';
import type { TopicMetadata } from '../kafkajs/protocol/describe-topics.ts';
import { topicFault, type TopicNeed } from './topic-access.ts';
import { createTopicInspector } from './topic-inspector.ts';

/**
 * One look at the cluster, for services at their start; resolves with what it saw of the topics. Rejects with
 * `kafka.unavailable` where it cannot be reached, with `kafka.unauthorized` where this user may not do what the service
 * needs, and with `kafka.topic-missing`; all are retryable, and waited for.
 */
export async function assertTopicsUsable(
  connection: KafkaConnection,
  needs: readonly TopicNeed[],
): Promise<readonly TopicMetadata[]> {
  const inspector = createTopicInspector(connection);
  try {
    const found = await inspector.describe(needs.map(({ name }) => name));
    const fault = topicFault(needs, found, connection.principal);
    if (fault !== undefined) throw fault;
    return found;
  } finally {
    await inspector.close();
  }
}
