import type { ConsumedRecord, PartitionReader, UnreadableBatch } from '@astrolabe/records';
import { createRetrier, retryPolicies, type RetrierOptions } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { ReplayPage, ReplayReader } from '../replay/replay-reader.ts';

export interface ReplayReaderOptions extends RetrierOptions {
  /** Paged. */
  readonly reader: PartitionReader;
}

/** Pages of a partition for its replays. Outages are waited out. */
export function createReplayReader({ reader, ...retrying }: ReplayReaderOptions): ReplayReader {
  const retry = createRetrier(retrying);

  const readOnce: ReplayReader['page'] = async (topic, partition, fromOffset, endOffset, signal) => {
    const enough = new AbortController();
    const unreadable: Pick<UnreadableBatch, 'fromOffset' | 'nextOffset'>[] = [];
    let records: readonly ConsumedRecord[] = [];
    let nextOffset: bigint | undefined;
    try {
      const end = await reader.read({
        topic,
        partition,
        fromOffset,
        endOffset,
        signal: AbortSignal.any([signal, enough.signal]),
        onUnreadable: ({ fromOffset: from, nextOffset: next }) => {
          if (nextOffset === undefined) unreadable.push(within(from, next, fromOffset, endOffset));
        },
        onRecords: (found, next) => {
          records = found;
          nextOffset = next;
          enough.abort(new Error('a page is enough'));
        },
      });
      nextOffset ??= end;
    } catch (error) {
      if (nextOffset === undefined || signal.aborted) throw error;
    }
    return { records, unreadable, nextOffset, expired: 0 };
  };

  const read: ReplayReader['page'] = async (topic, partition, fromOffset, endOffset, signal) => {
    const page = await readOnce(topic, partition, fromOffset, endOffset, signal).catch(async (error: unknown) => {
      // The records before its offset are gone, with the topic maybe: none of the range is there.
      if (!isPipelineError(error, 'kafka.offset-out-of-range')) throw error;
      return { records: [], unreadable: [], nextOffset: endOffset, expired: Number(endOffset - fromOffset) };
    });
    const first = page.unreadable[0]?.fromOffset ?? page.records[0]?.offset ?? page.nextOffset;
    if (first === fromOffset || page.expired > 0) return page;
    const { lowWatermark } = await reader.offsets(topic, partition);
    const gone = lowWatermark < endOffset ? lowWatermark : endOffset;
    return gone > fromOffset ? { ...page, expired: Number(gone - fromOffset) } : page;
  };

  const policy = retryPolicies.dependency;
  return {
    page: (topic, partition, fromOffset, endOffset, signal) =>
      retry('reading for a replay', () => read(topic, partition, fromOffset, endOffset, signal), {
        policy,
        signal,
        fields: { topic, partition },
      }),
    bounds: (topic, partition, signal) =>
      retry('looking for the end of replayed commands', () => reader.offsets(topic, partition), {
        policy,
        signal,
        fields: { topic, partition },
      }),
  };
}

function within(
  from: bigint,
  next: bigint,
  fromOffset: bigint,
  endOffset: bigint,
): ReplayPage['unreadable'][number] {
  return { fromOffset: from > fromOffset ? from : fromOffset, nextOffset: next < endOffset ? next : endOffset };
}
