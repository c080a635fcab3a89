/** Kafka plumbing. The only package of the product that knows kafkajs; nothing of kafkajs shows through. */
export { createKafkaAdmin, type CommittedPosition, type KafkaAdmin, type PartitionWatermarks } from './admin.ts';
export { assertTopicsUsable } from './assert-topics-usable.ts';
export { readBrokerFeatures, type BrokerAddress } from './broker-features.ts';
export { decodeCursors, type GroupCursors } from './commit-cursors.ts';
export {
  createCommandDecoder,
  createCommandEncoder,
  type CommandDecoder,
  type CommandEncoder,
  type DecodedCommand,
} from './command-serde.ts';
export { WIRE_HEADER_BYTES, parseWireFormat, wireHeader, type FramedValue } from './confluent-wire-format.ts';
export {
  connectionFromConfig,
  createKafkaConnection,
  type KafkaConnection,
  type KafkaConnectionOptions,
} from './connection.ts';
export { toDeadLetter, type DeadLetterCause } from './dead-letter.ts';
export { describeCluster, type ClusterDescription, type TopicDescription } from './describe-cluster.ts';
export { startGroupConsumer, type GroupConsumer, type GroupConsumerOptions } from './group-consumer.ts';
export { watchHeldRecords, type HeldWatch, type HeldWatchOptions } from './held-watch.ts';
export { headerNames, headerText, toHeaders, type HeaderName } from './headers.ts';
export { openWorkLog, type Guarantee, type WorkLogOptions } from './exactly-once.ts';
export { createInMemoryLog, type InMemoryLog } from './in-memory-log.ts';
export {
  createInMemoryPartitionReader,
  type InMemoryPartitionReader,
  type InMemoryPartitionReaderOptions,
  type InMemoryPartitions,
} from './in-memory-partition-reader.ts';
export { createPartitionReader, type PartitionReaderOptions } from './kafkajs-partition-reader.ts';
export { createRecordProducer, type RecordProducerOptions } from './kafkajs-producer.ts';
export type { PartitionPage, ReadPage } from './group-catch-up.ts';
export type { LaneHandler, LagReason, LaneProcessor, LaneProcessorOptions } from './lane-handler.ts';
export type { LaneLimits } from './lane-handler.ts';
export { createLaneProcessor } from './lane-processor.ts';
export type { LaneTask } from './lane-task.ts';
export {
  abortCommand,
  describeHold,
  findHoldingTransactions,
  type HeldPartition,
  type HoldingTransaction,
} from './open-transactions.ts';
export { partitionFor } from './partitioner.ts';
export type { GroupSession, PartitionProcessor, PartitionSession } from './partition-processor.ts';
export type {
  PartitionOffsets,
  PartitionRange,
  PartitionReader,
  SoughtBytes,
  UnreadableBatch,
} from './partition-reader.ts';
export { readTopic, type ReadTopicOptions } from './read-topic.ts';
export {
  recordSizeBytes,
  type ConsumedRecord,
  type OutgoingRecord,
  type RecordHeaders,
  type RecordPosition,
} from './record.ts';
export type { RecordProducer } from './record-producer.ts';
export {
  createSchemaRegistry,
  schemaRegistryFromConfig,
  type AppliedSubject,
  type CommandSchemaRegistry,
  type RegisteredSchema,
  type SchemaRegistryOptions,
} from './schema-registry.ts';
export { senderTrustOf, type SenderTrust } from './sender-trust.ts';
export { isEmptyPlan, planTopics, type ExistingTopic, type TopicPlan } from './topic-plan.ts';
export { createStateProcessor, type StateProcessorOptions, type Transformed } from './state-processor.ts';
export type { Restored } from './state-restore.ts';
export { parsePosition, positionKey, type StoredPosition } from './state-position.ts';
export { PartitionState, type DecodedStateKey, type StateCodec, type StateKey, type StateView } from './state-view.ts';
export { createInMemoryWorkLog, type InMemoryWorkLog } from './state-work-in-memory.ts';
export type { CommittedOffset, TopicRecord, UnitOfWork, UnitWriter, WorkLog, WriteOutcome } from './state-work.ts';
export { DEFAULT_PARTITIONS, topicsFor, type TopicDefinition, type TopicRole, type Topics } from './topics.ts';
export {
  openTransactionalProducer,
  type GroupPosition,
  type TopicRecords,
  type TransactionalProducer,
  type TransactionalProducerOptions,
  type TransactionOutcome,
} from './transactional-producer.ts';
export type { TopicNeed, TopicOperation } from './topic-access.ts';
export { createTopicInspector, type TopicInspector } from './topic-inspector.ts';
export { isRecreated, resetRemedy, topicRecreated, type TopicId } from './topic-identity.ts';
export { watchTopics, type TopicWatch, type TopicWatchOptions } from './topic-watch.ts';
export { unlessAborted } from './unless-aborted.ts';
