/** The topics that the offsets of a replay refer to, and whether they are still the same. */
import { isRecreated, topicRecreated } from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';
import type { ReplayState, TopicIds } from './core/replay-state.ts';

/** The topics that are watched for outcomes, the source among them. */
export function watchedTopics({ topics }: Pick<Cluster, 'topics'>): readonly string[] {
  const { segmentEvents, segmentEventsDeadLetters, commands, commandsDeadLetters, deliveries } = topics;
  return [segmentEvents, segmentEventsDeadLetters, commands, commandsDeadLetters, deliveries].map(({ name }) => name);
}

export async function readTopicIds(cluster: Pick<Cluster, 'inspector' | 'topics'>): Promise<TopicIds> {
  const found = await cluster.inspector.describe(watchedTopics(cluster));
  return Object.fromEntries(found.flatMap(({ name, topicId }) => (topicId === undefined ? [] : [[name, topicId]])));
}

/**
 * The state with the ids of the topics as they are: a version before this one stored none. Throws
 * `kafka.topic-recreated` where one of the topics is not the one that the state refers to: its offsets would skip
 * records, and count those of others.
 */
export function inTheseTopics(state: ReplayState, currentIds: TopicIds): ReplayState {
  for (const [topic, storedId] of Object.entries(state.topicIds)) {
    const currentId = currentIds[topic];
    if (currentId === undefined || !isRecreated(storedId, currentId)) continue;
    const remedy = 'What it has sent is gone with the topic. Start another replay, with a new --id.';
    throw topicRecreated({ topic, storedId, currentId, whose: `replay ${state.id}`, remedy });
  }
  return { ...state, topicIds: { ...currentIds, ...state.topicIds } };
}
