import { createReplayPageReader } from '@astrolabe/processing';
import type { PartitionReader } from '@astrolabe/records';
import { createRetrier, retryPolicies, type RetrierOptions } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { ReplayReader } from '../replay/replay-reader.ts';

export interface ReplayReaderOptions extends RetrierOptions {
  /** Paged. */
  readonly reader: PartitionReader;
}

/** Reads partitions for their replays. Outages are waited out. */
export function createReplayReader({ reader, ...retrying }: ReplayReaderOptions): ReplayReader {
  const retry = createRetrier(retrying);
  const readPage = createReplayPageReader({ reader, ...retrying });
  return {
    page: async (topic, partition, fromOffset, endOffset, signal) => {
      try {
        return await readPage(topic, partition, fromOffset, endOffset, signal);
      } catch (error) {
        // The records before its end are gone, with the topic maybe: none of the range is there.
        if (!isPipelineError(error, 'kafka.offset-out-of-range')) throw error;
        return { records: [], gaps: [{ kind: 'expired', fromOffset, nextOffset: endOffset }], nextOffset: endOffset };
      }
    },
    bounds: (topic, partition, signal) =>
      retry('looking for the end of replayed commands', () => reader.offsets(topic, partition), {
        policy: retryPolicies.dependency,
        signal,
        fields: { topic, partition },
      }),
  };
}
