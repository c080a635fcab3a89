import { createInMemoryChangelogStore } from './state-work-in-memory.ts';
import { CONTRACT_MAX_RECORD_BYTES, testChangelogStore } from '../testing/work-log-contract.ts';

for (const depth of [1, 2]) {
  testChangelogStore(
    async () => {
      const work = createInMemoryChangelogStore({ partitions: 2, depth, maxRecordBytes: CONTRACT_MAX_RECORD_BYTES });
      return {
        work,
        input: 'input',
        outputs: ['a', 'b'],
        readCommitted: async (topic) => work.log.records(topic),
        release: () => work.close(),
      };
    },
    { fences: true },
  );
}
