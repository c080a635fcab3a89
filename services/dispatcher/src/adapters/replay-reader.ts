import { createReplayPageReader } from '@astrolabe/processing';
import type { PartitionReader } from '@astrolabe/records';
import { createRetrier, retryPolicies, type RetrierOptions } from '@astrolabe/service-kit';
import type { ReplayReader } from '../replay/replay-reader.ts';

export interface ReplayReaderOptions extends RetrierOptions {
  /** Paged. */
  readonly reader: PartitionReader;
}

/** Reads partitions for their replays. Outages are waited out. */
export function createReplayReader({ reader, ...retrying }: ReplayReaderOptions): ReplayReader {
  const retry = createRetrier(retrying);
  return {
    page: createReplayPageReader({ reader, ...retrying }),
    bounds: (topic, partition, signal) =>
      retry('looking for the end of replayed commands', () => reader.offsets(topic, partition), {
        policy: retryPolicies.dependency,
        signal,
        fields: { topic, partition },
      }),
  };
}
