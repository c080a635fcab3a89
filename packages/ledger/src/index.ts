/** The delivery ledger: the outcome of each command, handed on to the partition's next owner. */
export { decodeChunk, encodeChunk } from './chunk/chunk-codec.ts';
export type { Delivery, DeliveryOutcome } from './delivery.ts';
export type { FailedAttempts } from './failed-attempts.ts';
export { SharedLinger } from './chunk/shared-linger.ts';
export { deliveryIdOf, forcedDeliveryId } from './delivery-id.ts';
export { findDeliveries, type FindDeliveriesOptions } from './find-deliveries.ts';
export { createInMemoryChangelog, type InMemoryChangelog } from './changelog/in-memory-changelog.ts';
export { createKafkaChangelog, type KafkaChangelogOptions } from './changelog/kafka-changelog.ts';
export type { ChangelogChunk, ChangelogRange, LedgerChangelog } from './changelog/ledger-changelog.ts';
export { partitionDirectory } from './store/ledger-directory.ts';
export { sweepDirectories, type SweepOptions, type SweptDirectory } from './store/sweep-directories.ts';
export { openPartitionLedger, type PartitionLedger, type PartitionLedgerOptions } from './partition-ledger.ts';
export type { LedgerStats } from './ledger-stats.ts';
export { ledgerTooLarge, maxIndexBytes } from './store/index-bound.ts';
export { IndexMemory, type IndexMemoryOptions } from './store/index-memory.ts';
export type { RestoreProgress } from './store/restore-store.ts';
