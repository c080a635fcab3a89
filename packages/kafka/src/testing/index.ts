/** Brokers, topics and kafkajs's insides for tests of packages that build on this one. */
export { countArrayWork } from './array-work.ts';
export { clientOf } from '../connection.ts';
export {
  connect,
  createTopic,
  deleteRecordsBelow,
  readAll,
  topicDefinition,
  untilDecided,
  writeTransactions,
} from './broker.ts';
export { bombBytes, produceBomb, type BombCodec } from './compression-bomb.ts';
export { loadPatched } from './original-kafkajs.ts';
export { startOwnBroker, type OwnBroker } from './own-broker.ts';
export { joinAndFallSilent } from './silent-member.ts';
export { setTopicSettings } from './set-topic-settings.ts';
export { silentLogger } from './silent-logger.ts';
export { CompressionTypes } from '../kafkajs/index.ts';
export { abandonCluster, createCluster, fetchPartition } from '../kafkajs/protocol/fetch-partition.ts';
export { splitRecordSet } from '../kafkajs/protocol/record-batches.ts';
