/** The topic that a replay reads, and the ids of what its offsets refer to. */
import { isOfTopic, type ReplayOrder, type ReplayRequest } from '@astrolabe/replay';
import type { Cluster } from '../cluster/cluster.ts';

export function sourceTopicOf({ topics }: Pick<Cluster, 'topics'>, { source }: Pick<ReplayRequest, 'source'>): string {
  return source === 'events' ? topics.segmentEvents.name : topics.commands.name;
}

/** Empty where the brokers give none. */
export async function topicIdsOf(
  cluster: Pick<Cluster, 'inspector' | 'topics'>,
  request: ReplayRequest,
): Promise<Readonly<Record<string, string>>> {
  const found = await cluster.inspector.describe([sourceTopicOf(cluster, request)]);
  return Object.fromEntries(found.flatMap(({ name, topicId }) => (topicId === undefined ? [] : [[name, topicId]])));
}

/** Of these replays, those whose topic was deleted and created again: services leave them alone. */
export async function findOrphans(
  cluster: Pick<Cluster, 'inspector' | 'topics'>,
  orders: readonly ReplayOrder[],
): Promise<readonly string[]> {
  const { segmentEvents, commands } = cluster.topics;
  const found = await cluster.inspector.describe([segmentEvents.name, commands.name]);
  const ids = new Map(found.map(({ name, topicId }) => [name, topicId]));
  return orders
    .filter((order) => {
      const topic = sourceTopicOf(cluster, order.request);
      return !isOfTopic(order, topic, ids.get(topic));
    })
    .map(({ id }) => id);
}
