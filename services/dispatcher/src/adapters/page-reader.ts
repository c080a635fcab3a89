import type { PartitionPage, ReadPage } from '@astrolabe/processing';
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
  const read = async (
    topic: string,
    partition: number,
    fromOffset: bigint,
    endOffset: bigint,
    signal: AbortSignal,
  ): Promise<PartitionPage> => {
    const enough = new AbortController();
    let page: PartitionPage | undefined;
    try {
      const nextOffset = await reader.read({
        topic,
        partition,
        fromOffset,
        endOffset,
        signal: AbortSignal.any([signal, enough.signal]),
        onRecords: (records, nextOffset) => {
          page = { records, nextOffset };
          enough.abort(new Error('a page is enough'));
        },
      });
      return page ?? { records: [], nextOffset };
    } catch (error) {
      if (page !== undefined && !signal.aborted) return page;
      throw error;
    }
  };

  return (topic, partition, fromOffset, endOffset, signal) =>
    retry(
      'reading on for connectors that lag',
      async () => {
        const page = await read(topic, partition, fromOffset, endOffset, signal);
        if (page.records[0]?.offset !== fromOffset) {
          const { lowWatermark } = await reader.offsets(topic, partition);
          if (lowWatermark > fromOffset) onExpired(partition, Number(lowWatermark - fromOffset));
        }
        return page;
      },
      { policy: retryPolicies.dependency, signal, fields: { topic, partition } },
    );
}
