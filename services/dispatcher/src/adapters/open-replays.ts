import { createPartitionReader, createTopicInspector } from '@astrolabe/kafka';
import { openReplayFollower } from '@astrolabe/processing';
import type { Logger, ServiceStack } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { ActiveReplays } from '../replay/active-replays.ts';
import type { ReplayPorts } from '../replay/partition-replays.ts';
import type { KafkaClients } from './kafka-clients.ts';
import { createReplayReader } from './replay-reader.ts';

/** Of a page: what is decoded at once, between two looks at what is live. */
const PAGE_FETCH_BYTES = 524_288;

/** What the replays of all partitions have in common. The stack closes it. */
export function openReplays(
  { connection, topics, producer }: Pick<KafkaClients, 'connection' | 'topics' | 'producer'>,
  logger: Logger,
  stack: ServiceStack,
): ReplayPorts {
  const { name: replays } = topics.replays;
  const { name: topic } = topics.replayedCommands;
  const retrying = { clock: systemClock, random: Math.random, logger };
  const follower = openReplayFollower({
    ...retrying,
    connection,
    topic: replays,
    onFault: (fault) => stack.fail(fault),
  });
  stack.defer('follower of replays', () => follower.close());
  const pages = createPartitionReader({ connection, maxFetchBytes: PAGE_FETCH_BYTES, isPaged: true });
  stack.defer('reader of replayed commands', () => pages.close());
  const inspector = createTopicInspector(connection);
  stack.defer('inspector of replayed commands', () => inspector.close());
  return {
    follower,
    active: new ActiveReplays(follower),
    reader: createReplayReader({ ...retrying, reader: pages }),
    topic,
    topicId: async () => (await inspector.describe([topic])).find(({ name }) => name === topic)?.topicId,
    send: (records) => producer.send(replays, records),
  };
}
