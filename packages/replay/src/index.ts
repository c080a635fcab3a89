/**
 * The contract of replays. The command line writes an order to `astrolabe.replays.v1`; the owner of each partition runs
 * a bounded cursor over its part and writes how far it is. What a replay is at, everybody derives from these records.
 * No I/O: `@astrolabe/replay/follower` follows the topic.
 */
export { JsonFields, toJson } from './core/json-fields.ts';
export { MAX_UNENDED_COMMANDS, chunkBound, commandsAllowed, nextInTurn, type ChunkBound } from './core/fair-turns.ts';
export { matchCommand, matchEvent, type Match } from './core/match-record.ts';
export {
  matchesContent,
  readContent,
  readEventContent,
  type ContentFilter,
  type RecordContent,
} from './core/record-content.ts';
export { ReplayAllowance, rateOfPartition } from './core/replay-allowance.ts';
export { replayKey, type ReplayKey } from './core/replay-keys.ts';
export { isOfTopic, type ReplayOrder, type ReplaySpan, type WantedState } from './core/replay-order.ts';
export { changeOrder, isOver, phaseOf, type ChangedOrder, type ReplayPhase } from './core/replay-phase.ts';
export {
  addCounts,
  furtherOf,
  noDispatcherCounts,
  noMapperCounts,
  readOf,
  type CommandsProgress,
  type CursorProgress,
  type DispatcherCounts,
  type DispatcherProgress,
  type MapperCounts,
  type MapperProgress,
  type ReplayedCommandsProgress,
} from './core/replay-progress.ts';
export {
  decodeMapperProgress,
  dispatcherProgressRecord,
  encodeMapperProgress,
  mapperProgressRecord,
  orderRecord,
  readReplayRecord,
  removalRecord,
  replayedCommandsRecord,
  type PlacedRecord,
  type ReplayRecord,
} from './core/replay-record.ts';
export { differencesFrom, needsValue, type ReplayRequest, type ReplaySource } from './core/replay-request.ts';
export {
  cursorsOf,
  offsetsLeftIn,
  openPartitions,
  totalsOf,
  type ReplayTotals,
  type ReplayView,
} from './core/replay-view.ts';
export { isReplayedCopy, replayedRecord } from './core/replayed-record.ts';
export { offsetsIn, partitionsOf, remainingSpans, spansOf, startOf } from './core/spans.ts';
export { ReplayTable, type ReplaySnapshot } from './core/replay-table.ts';
export type { ReplayFollower } from './follower/replay-follower.ts';
