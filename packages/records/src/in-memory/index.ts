export { createInMemoryLog, type InMemoryLog } from './in-memory-log.ts';
export {
  createInMemoryPartitionReader,
  type InMemoryPartitionReader,
  type InMemoryPartitionReaderOptions,
  type InMemoryPartitions,
} from './in-memory-partition-reader.ts';
export {
  createInMemoryChangelogStore,
  type InMemoryChangelogStore,
  type WriteFate,
} from './in-memory-changelog-store.ts';
