/** Composition of the mapper's replays: who follows the orders, who reads the ranges, and what is made of them. */
import { createPartitionReader, type KafkaConnection } from '@astrolabe/kafka';
import {
  createReplayLanes,
  createReplayPageReader,
  openReplayFollower,
  type ProcessReplays,
  type ReplayLanesOptions,
} from '@astrolabe/processing';
import type { Topics } from '@astrolabe/records';
import type { Logger, ServiceStack } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import type { UserState } from './core/user-state.ts';
import type { HandledBatch } from './map-batch.ts';
import type { MapReplayed } from './map-replayed.ts';

export interface OpenReplaysOptions {
  readonly connection: KafkaConnection;
  readonly topics: Topics;
  readonly transform: MapReplayed;
  readonly onStored: NonNullable<ReplayLanesOptions<UserState, HandledBatch>['onStored']>;
  readonly logger: Logger;
  readonly stack: ServiceStack;
}

const PAGE_BYTES = 1_048_576;

export function openReplays(options: OpenReplaysOptions): ProcessReplays<UserState> {
  const { connection, topics, transform, onStored, logger, stack } = options;
  const surroundings = { clock: systemClock, random: Math.random, logger };
  const follower = openReplayFollower({
    ...surroundings,
    connection,
    topic: topics.replays.name,
    onFault: (fault) => stack.fail(fault),
  });
  stack.defer('follower of replays', () => follower.close());
  const pageReader = createPartitionReader({ connection, maxFetchBytes: PAGE_BYTES, isPaged: true });
  stack.defer('reader of replayed events', () => pageReader.close());
  return createReplayLanes<UserState, HandledBatch>({
    ...surroundings,
    follower,
    replaysTopic: topics.replays.name,
    readPage: createReplayPageReader({ ...surroundings, reader: pageReader }),
    transform,
    onStored,
  });
}
