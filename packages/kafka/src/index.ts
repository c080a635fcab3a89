/**
 * The Kafka client: the ports of `@astrolabe/records` on real brokers. The only package of the product that knows
 * kafkajs; nothing of kafkajs shows through.
 */
export { createKafkaAdmin, type CommittedPosition, type KafkaAdmin, type PartitionWatermarks } from './admin/admin.ts';
export { assertTopicsUsable } from './admin/assert-topics-usable.ts';
export { readBrokerFeatures, type BrokerAddress } from './admin/broker-features.ts';
export { describeCluster, type ClusterDescription, type TopicDescription } from './admin/describe-cluster.ts';
export type { TopicNeed, TopicOperation } from './admin/topic-access.ts';
export { createTopicInspector, type TopicInspector } from './admin/topic-inspector.ts';
export { watchTopics, type TopicWatch, type TopicWatchOptions } from './admin/topic-watch.ts';
export {
  connectionFromConfig,
  createKafkaConnection,
  type KafkaConnection,
  type KafkaConnectionOptions,
} from './connection.ts';
export { kafkaTlsOf } from './security/connection-security.ts';
export { splitAddress } from './broker-address.ts';
export { createRecordProducer, type RecordProducerOptions } from './producer/kafkajs-producer.ts';
export { createPartitionReader, type PartitionReaderOptions } from './reader/kafkajs-partition-reader.ts';
export { readLastRecords, type LastRecords } from './reader/read-last-records.ts';
export { readTopic, type ReadTopicOptions } from './reader/read-topic.ts';
export {
  createSchemaRegistry,
  schemaRegistryFromConfig,
  type SchemaRegistryOptions,
} from './registry/schema-registry.ts';
export {
  abortLine,
  describeHold,
  findHoldingTransactions,
  type HeldPartition,
  type HoldingTransaction,
} from './transactions/open-transactions.ts';
export {
  openTransactionalProducer,
  type GroupPosition,
  type TopicRecords,
  type TransactionOutcome,
  type TransactionalProducer,
  type TransactionalProducerOptions,
} from './transactions/transactional-producer.ts';
