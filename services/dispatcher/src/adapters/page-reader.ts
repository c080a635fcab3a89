import { readFirstPiece, type ReadPage } from '@astrolabe/processing';
import type { PartitionReader } from '@astrolabe/records';
import { createRetrier, retryPolicies, type RetrierOptions } from '@astrolabe/service-kit';

export interface PageReaderOptions extends RetrierOptions {
  readonly reader: PartitionReader;
  /** The topic has dropped records that were still to be read. */
  readonly onExpired: (partition: number, offsets: number) => void;
}

/** Pages out of a reader of ranges: the first piece of each range, the rest of which is not fetched. */
export function createPageReader({ reader, onExpired, ...retrying }: PageReaderOptions): ReadPage {
  const retry = createRetrier(retrying);
  return (topic, partition, fromOffset, endOffset, signal) =>
    retry(
      'reading on for connectors that lag',
      async () => {
        const page = await readFirstPiece(reader, { topic, partition, fromOffset, endOffset }, signal);
        if (page.records[0]?.offset !== fromOffset) {
          const { lowWatermark } = await reader.offsets(topic, partition);
          if (lowWatermark > fromOffset) onExpired(partition, Number(lowWatermark - fromOffset));
        }
        return page;
      },
      { policy: retryPolicies.dependency, signal, fields: { topic, partition } },
    );
}
