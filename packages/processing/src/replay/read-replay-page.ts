/** Stretches of a partition for those who replay it: what is there, and what is not any more. */
import type { ConsumedRecord, PartitionReader, UnreadableBatch } from '@astrolabe/records';
import { createRetrier, retryPolicies, type RetrierOptions } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { readFirstPiece, type BoundedRange } from '../lanes/read-first-piece.ts';

/** Offsets that have no record for a reason that is told and counted. */
export interface PageGap {
  /** `expired`: retention has removed them. `unreadable`: their batch cannot be decoded. */
  readonly kind: 'expired' | 'unreadable';
  readonly fromOffset: bigint;
  /** The first offset behind it. */
  readonly nextOffset: bigint;
}

export interface ReplayPage {
  readonly records: readonly ConsumedRecord[];
  /** In order. No record is in one. */
  readonly gaps: readonly PageGap[];
  /** Above the offset asked for, and not above the end. */
  readonly nextOffset: bigint;
}

/**
 * Reads some of what lies from `fromOffset` up to, not including, `endOffset`, which is not above the end of the
 * partition; waits out what may pass. Rejects with the signal's reason, or with a fault.
 */
export type ReadReplayPage = (
  topic: string,
  partition: number,
  fromOffset: bigint,
  endOffset: bigint,
  signal: AbortSignal,
) => Promise<ReplayPage>;

export interface ReplayPageReaderOptions extends RetrierOptions {
  /** A page is the first piece that it gives of a range; the rest is not fetched. */
  readonly reader: Pick<PartitionReader, 'read' | 'offsets'>;
}

export function createReplayPageReader({ reader, ...retrying }: ReplayPageReaderOptions): ReadReplayPage {
  const retry = createRetrier(retrying);
  return (topic, partition, fromOffset, endOffset, signal) =>
    retry(
      'reading what is replayed',
      async () => {
        const page = await readPiece(reader, { topic, partition, fromOffset, endOffset }, signal);
        const first = lowest(page.records[0]?.offset, page.gaps[0]?.fromOffset) ?? page.nextOffset;
        if (first === fromOffset) return page;
        // Markers and compaction leave gaps too: only the low watermark tells what has expired.
        const { lowWatermark } = await reader.offsets(topic, partition);
        const behind = lowWatermark < first ? lowWatermark : first;
        if (behind <= fromOffset) return page;
        return { ...page, gaps: [{ kind: 'expired', fromOffset, nextOffset: behind }, ...page.gaps] };
      },
      { policy: retryPolicies.dependency, signal, fields: { topic, partition } },
    );
}

async function readPiece(
  reader: Pick<PartitionReader, 'read'>,
  range: BoundedRange,
  signal: AbortSignal,
): Promise<ReplayPage> {
  const { fromOffset, endOffset } = range;
  const gaps: PageGap[] = [];
  try {
    const onUnreadable = (batch: UnreadableBatch): void => void gaps.push(...gapOf(batch, range));
    const { records, nextOffset } = await readFirstPiece(reader, range, signal, onUnreadable);
    // Where retention has removed the whole range, reading ends beyond it.
    return { records, gaps, nextOffset: nextOffset < endOffset ? nextOffset : endOffset };
  } catch (error) {
    // The partition ends before the range: what was there is gone, and live records must not wait for that.
    if (!isPipelineError(error, 'kafka.offset-out-of-range')) throw error;
    return { records: [], gaps: [{ kind: 'expired', fromOffset, nextOffset: endOffset }], nextOffset: endOffset };
  }
}

/** A batch may reach out of the range. */
function gapOf(batch: UnreadableBatch, range: BoundedRange): readonly PageGap[] {
  const fromOffset = batch.fromOffset > range.fromOffset ? batch.fromOffset : range.fromOffset;
  const nextOffset = batch.nextOffset < range.endOffset ? batch.nextOffset : range.endOffset;
  return fromOffset < nextOffset ? [{ kind: 'unreadable', fromOffset, nextOffset }] : [];
}

function lowest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}
