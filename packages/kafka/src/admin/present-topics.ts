import type { KafkaConnection } from '../connection.ts';
import { accessFault, presentTopics } from './topic-access.ts';
import { createTopicInspector } from './topic-inspector.ts';

/**
 * Those of the names that are on the cluster. Rejects with `kafka.unauthorized` where this user may not know of one:
 * brokers leave such a topic out of their lists, and it would pass for one that is missing.
 */
export async function findPresentTopics(
  connection: KafkaConnection,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const inspector = createTopicInspector(connection);
  try {
    const found = await inspector.describe(names);
    const needs = names.map((name) => ({ name, operations: ['Describe'] }) as const);
    const fault = accessFault(needs, found, connection.principal);
    if (fault !== undefined) throw fault;
    return presentTopics(found);
  } finally {
    await inspector.close();
  }
}
