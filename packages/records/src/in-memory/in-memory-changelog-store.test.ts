import { createInMemoryChangelogStore } from './in-memory-changelog-store.ts';
import { CONTRACT_MAX_RECORD_BYTES, testChangelogStore } from '../testing/changelog-store-contract.ts';

for (const maxInFlight of [1, 2]) {
  testChangelogStore(
    async () => {
      const changelog = createInMemoryChangelogStore({
        partitions: 2,
        maxInFlight,
        maxRecordBytes: CONTRACT_MAX_RECORD_BYTES,
      });
      return {
        changelog,
        input: 'input',
        outputs: ['a', 'b'],
        readCommitted: async (topic) => changelog.log.records(topic),
        release: () => changelog.close(),
      };
    },
    { fences: true },
  );
}
