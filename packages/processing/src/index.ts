/**
 * How a service works through its partitions: group membership, lanes by key, and state that is stored with the
 * position.
 */
export { openChangelogStore, type Guarantee, type ChangelogStoreOptions } from './changelog/kafka-changelog-store.ts';
export { startGroupConsumer } from './consumer/group-consumer.ts';
export type { GroupConsumer, GroupConsumerOptions } from './consumer/group-consumer-options.ts';
export type { WorkPosition } from './consumer/core/partition-lag.ts';
export { groupStateOf, noGroup, showGroup, type GroupState } from './consumer/group-metrics.ts';
export { watchOffsets } from './consumer/offsets-watch.ts';
export type { GroupSession, PartitionProcessor, PartitionSession } from './consumer/partition-processor.ts';
export type { PartitionPage, ReadPage } from './lanes/catch-up-reader.ts';
export type { LagReason, LaneHandler, LaneLimits, LaneProcessor, LaneProcessorOptions } from './lanes/lane-handler.ts';
export { readFirstPiece } from './lanes/read-first-piece.ts';
export { createLaneProcessor } from './lanes/lane-processor.ts';
export type { LaneTask, ReplayMark } from './lanes/lane-task.ts';
export type { ReplayLineOptions, ReplayedRecords } from './lanes/replay/replayed-records.ts';
export { createReplayLanes, type ProcessReplays, type ReplayLanesOptions } from './replay/create-replay-lanes.ts';
export { openReplayFollower } from './replay/open-replay-follower.ts';
export { PageWalk } from './replay/page-walk.ts';
export {
  createReplayPageReader,
  type PageGap,
  type ReadReplayPage,
  type ReplayPage,
} from './replay/read-replay-page.ts';
export type { ReplayedPart } from './replay/replay-chunk.ts';
export type { ReplayTransformed } from './replay/replay-options.ts';
export type { ReplayChunk, ReplayLane, ReplayLaneOptions, ReplayLanes } from './state/replay-lane.ts';
export { StateMemory, type StateMemoryOptions } from './state/state-memory.ts';
export { createStateProcessor } from './state/state-processor.ts';
export type { StateProcessorOptions, Transformed } from './state/state-processor-options.ts';
export type { Restored } from './state/state-restore.ts';
export {
  PartitionState,
  type DecodedStateKey,
  type StateCodec,
  type StateKey,
  type StateView,
} from './state/state-view.ts';
