export { CONTRACT_PARTITIONS, testPartitionReader } from './partition-reader-contract.ts';
export { testRecordProducer } from './record-producer-contract.ts';
export { consumedRecord, recordsOf } from './records.ts';
export {
  CONTRACT_MAX_RECORD_BYTES,
  CONTRACT_MAX_REQUEST_BYTES,
  testChangelogStore,
} from './changelog-store-contract.ts';
