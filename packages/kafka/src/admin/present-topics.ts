import type { PipelineError } from '@astrolabe/service-kit/errors';
import type { KafkaConnection } from '../connection.ts';
import { accessFault, presentTopics, type TopicNeed, type TopicOperation } from './topic-access.ts';
import { createTopicInspector } from './topic-inspector.ts';
import type { TopicMetadata } from '../kafkajs/protocol/describe-topics.ts';

/**
 * Those of the names that are on the cluster. Rejects with `kafka.unauthorized` where this user may not know of one:
 * brokers leave such a topic out of their lists, and it would pass for one that is missing. Also where it may not do
 * `operations` on one of them: the answer to a request for many topics does not say which it is refused for.
 */
export async function findPresentTopics(
  connection: KafkaConnection,
  names: readonly string[],
  operations: readonly TopicOperation[] = [],
): Promise<ReadonlySet<string>> {
  const found = await describe(connection, names);
  // First whether they are there: of a topic that is hidden nothing else is known.
  for (const needed of [['Describe'] as const, operations]) {
    const needs = names.map((name) => ({ name, operations: needed }));
    const fault = accessFault(needs, found, connection.principal);
    if (fault !== undefined) throw fault;
  }
  return presentTopics(found);
}

/**
 * Rejects with `kafka.unauthorized`, naming all that this user may not do of what it needs on topics that are there.
 */
export async function assertTopicAccess(connection: KafkaConnection, needs: readonly TopicNeed[]): Promise<void> {
  if (needs.length === 0) return;
  const fault = await findAccessFault(connection, needs);
  if (fault !== undefined) throw fault;
}

/** Of topics that are there; undefined where this user may do all that it needs. */
export async function findAccessFault(
  connection: KafkaConnection,
  needs: readonly TopicNeed[],
): Promise<PipelineError | undefined> {
  const found = await describe(
    connection,
    needs.map(({ name }) => name),
  );
  return accessFault(needs, found, connection.principal);
}

async function describe(connection: KafkaConnection, names: readonly string[]): Promise<readonly TopicMetadata[]> {
  const inspector = createTopicInspector(connection);
  try {
    return await inspector.describe(names);
  } finally {
    await inspector.close();
  }
}
