/**
 * The contracts of the pipeline's topics: records, headers, topics, positions, and the ports that read and write them.
 * No I/O.
 */
export type {
  PartitionOffsets,
  PartitionRange,
  PartitionReader,
  ContainsFilter,
  UnreadableBatch,
} from './ports/partition-reader.ts';
export type { CloseOptions, RecordProducer } from './ports/record-producer.ts';
export type { RegisteredSchema, SchemaRegistry } from './ports/schema-registry.ts';
export type {
  CommittedOffset,
  InputPartition,
  TopicRecord,
  TransactionBatch,
  BatchWriter,
  ChangelogStore,
  Takeover,
  WriteOutcome,
} from './ports/changelog-store.ts';
export {
  decodeConnectorOffsets,
  encodeConnectorOffsets,
  splitTopicId,
  withTopicId,
  type ConnectorOffsets,
} from './positions/connector-offsets.ts';
export { claimRecord, readClaim, releaseRecord, type PartitionClaim } from './positions/partition-claim.ts';
export { replayedOffsetOf, toReplayedOffset } from './positions/replayed-offset.ts';
export { readReplayPosition, replayPositionRecord } from './positions/replay-position.ts';
export {
  COMMIT_MARK,
  isFromBeforeClaims,
  isPositionKey,
  parsePosition,
  positionKey,
  positionRecord,
  startPosition,
  type StoredPosition,
} from './positions/state-position.ts';
export { toDeadLetter, type DeadLetterCause } from './record/dead-letter.ts';
export { headerNames, headerText, toHeaders, type HeaderName } from './record/headers.ts';
export { markedRecord } from './record/marked-record.ts';
export { murmur2 } from './record/murmur2.ts';
export { partitionFor } from './record/partitioner.ts';
export {
  keyText,
  recordSizeBytes,
  type ConsumedRecord,
  type EncodedRecord,
  type OutgoingRecord,
  type RecordHeaders,
  type RecordPosition,
} from './record/record.ts';
export { senderTrustOf, type SenderTrust } from './record/sender-trust.ts';
export { isRecreated, resetRemedy, topicRecreated, type TopicId } from './topics/topic-identity.ts';
export {
  isEmptyPlan,
  planTopics,
  type ExistingTopic,
  type SettingChange,
  type TopicPlan,
} from './topics/topic-plan.ts';
export { DEFAULT_PARTITIONS, topicsFor, type TopicDefinition, type TopicRole, type Topics } from './topics/topics.ts';
export { compareRights, type AccessRule, type RightsComparison } from './rights/compare-rights.ts';
export { kafkaAclsLine, toKafkaAcls, toKafkaUser, type StrimziOptions } from './rights/render-rights.ts';
export {
  rightsFor,
  rightsHolders,
  topicNeedsOf,
  type Right,
  type RightsHolder,
  type RightsOptions,
} from './rights/service-rights.ts';
