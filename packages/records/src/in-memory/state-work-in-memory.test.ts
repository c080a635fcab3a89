import { createInMemoryWorkLog } from './state-work-in-memory.ts';
import { CONTRACT_MAX_RECORD_BYTES, testWorkLog } from '../testing/work-log-contract.ts';

for (const depth of [1, 2]) {
  testWorkLog(
    async () => {
      const work = createInMemoryWorkLog({ partitions: 2, depth, maxRecordBytes: CONTRACT_MAX_RECORD_BYTES });
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
