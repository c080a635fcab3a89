/** The delivery ledger: the outcome of each command, handed on to the partition's next owner. */
export { decodeChunk, encodeChunk } from './chunk/chunk-codec.ts';
export type { Delivery, DeliveryOutcome } from './delivery.ts';
export { SharedLinger } from './chunk/shared-linger.ts';
export { deliveryIdOf } from './delivery-id.ts';
export { findDeliveries, type FindDeliveriesOptions } from './find-deliveries.ts';
export { createInMemoryChangelog, type InMemoryChangelog } from './changelog/in-memory-changelog.ts';
export { createKafkaChangelog, type KafkaChangelogOptions } from './changelog/kafka-changelog.ts';
export type { ChangelogChunk, ChangelogRange, LedgerChangelog } from './changelog/ledger-changelog.ts';
export { partitionDirectory } from './store/ledger-directory.ts';
export {
  openPartitionLedger,
  type LedgerStats,
  type PartitionLedger,
  type PartitionLedgerOptions,
} from './partition-ledger.ts';
export type { RestoreProgress } from './store/restore-store.ts';
