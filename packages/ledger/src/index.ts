/** The delivery ledger: what became of each command, known to whoever owns its partition next. */
export { decodeChunk, encodeChunk } from './chunk-codec.ts';
export type { Delivery, DeliveryOutcome } from './delivery.ts';
export { deliveryIdOf } from './delivery-id.ts';
export { findDeliveries, type FindDeliveriesOptions } from './find-deliveries.ts';
export { createInMemoryChangelog, type InMemoryChangelog } from './in-memory-changelog.ts';
export {
  createKafkaChangelog,
  type ChangelogAdmin,
  type ChangelogReader,
  type KafkaChangelogOptions,
} from './kafka-changelog.ts';
export type { ChangelogChunk, ChangelogRange, LedgerChangelog } from './ledger-changelog.ts';
export { partitionDirectory } from './ledger-directory.ts';
export {
  openPartitionLedger,
  type LedgerStats,
  type PartitionLedger,
  type PartitionLedgerOptions,
} from './partition-ledger.ts';
export type { RestoreProgress } from './restore-store.ts';
