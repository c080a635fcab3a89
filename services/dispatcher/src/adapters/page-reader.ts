import type { PartitionPage, ReadPage } from '@astrolabe/processing';
import type { PartitionReader } from '@astrolabe/records';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { fullJitterDelayMs } from '@astrolabe/service-kit/retry';

export interface PageReaderOptions {
  readonly reader: PartitionReader;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** The topic has dropped records that were still to be read. */
  readonly onExpired: (partition: number, offsets: number) => void;
}

/** Pages out of a reader of ranges: the first piece of each range, the rest of which is not fetched. */
export function createPageReader({ reader, clock, random, logger, onExpired }: PageReaderOptions): ReadPage {
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

  return async (topic, partition, fromOffset, endOffset, signal) => {
    const faults = new FaultLog(logger);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const page = await read(topic, partition, fromOffset, endOffset, signal);
        if (page.records[0]?.offset !== fromOffset) {
          const { lowWatermark } = await reader.offsets(topic, partition);
          if (lowWatermark > fromOffset) onExpired(partition, Number(lowWatermark - fromOffset));
        }
        return page;
      } catch (error) {
        if (signal.aborted || !isPipelineError(error) || !error.retryable) throw error;
        faults.failed(error, { attempt, topic, partition }, 'reading on for connectors that lag failed; retrying');
      }
      await clock.sleep(fullJitterDelayMs({ attempt, baseMs: 200, maxMs: 5_000, random: random() }), signal);
    }
  };
}
