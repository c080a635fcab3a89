/**
 * What `packages/processing` builds the group consumer and the changelog on. Imported there, and by tests that need a
 * client of their own.
 */
export { topicFault } from './admin/topic-access.ts';
export { clientOf, type RetryOptions } from './connection.ts';
export { isKafkaJsError, toKafkaError, type AccessContext } from './kafka-errors.ts';
export type { Consumer } from './kafkajs/index.ts';
export { recordsOf } from './kafkajs/kafkajs-record.ts';
export type { TopicMetadata } from './kafkajs/protocol/describe-topics.ts';
export { DEFAULT_MAX_RECORD_BYTES, DEFAULT_MAX_REQUEST_BYTES, type SizeLimits } from './size-limits.ts';
export { assertRecordSize, cutIntoRequests, placeRecords } from './transactions/transaction-requests.ts';
export {
  FencedError,
  openTransactionSession,
  toTransactionError,
  type TransactionOwner,
  type TransactionSession,
} from './transactions/transaction-session.ts';
