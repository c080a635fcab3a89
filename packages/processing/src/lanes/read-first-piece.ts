import type { PartitionRange, PartitionReader } from '@astrolabe/records';
import type { PartitionPage } from './catch-up-reader.ts';

export interface BoundedRange {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
}

/**
 * The first piece that a paged reader gives of a range; the rest is not fetched. Without a record in the range, where
 * reading has ended. `onUnreadable`: as of a read, for batches before the piece. Rejects as a read does.
 */
export async function readFirstPiece(
  reader: Pick<PartitionReader, 'read'>,
  range: BoundedRange,
  signal: AbortSignal,
  onUnreadable?: PartitionRange['onUnreadable'],
): Promise<PartitionPage> {
  const enough = new AbortController();
  let piece: PartitionPage | undefined;
  try {
    const nextOffset = await reader.read({
      ...range,
      signal: AbortSignal.any([signal, enough.signal]),
      onUnreadable:
        onUnreadable &&
        ((batch) => {
          if (piece === undefined) onUnreadable(batch);
        }),
      onRecords: (records, nextOffset) => {
        piece ??= { records, nextOffset };
        enough.abort(new Error('a page is enough'));
      },
    });
    return piece ?? { records: [], nextOffset };
  } catch (error) {
    if (piece !== undefined && !signal.aborted) return piece;
    throw error;
  }
}
