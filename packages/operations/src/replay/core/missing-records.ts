/**
 * Records that a replay asks for and that are not on the topic: removed, or not written yet. Reported, since a replay
 * of nothing looks like one that worked. Pure.
 */
import type { PartitionWatermarks } from '@astrolabe/kafka';
import type { ReplaySpan } from '@astrolabe/replay';
import type { OffsetRange } from '../../core/offset-ranges.ts';

export type MissingRecords =
  /** Offsets below the low watermark, both ends included. */
  | {
      readonly kind: 'removed-offsets';
      readonly bounds: PartitionWatermarks;
      readonly firstOffset: bigint;
      readonly lastOffset: bigint;
    }
  /** Offsets from the high watermark on. */
  | { readonly kind: 'future-offsets'; readonly bounds: PartitionWatermarks; readonly firstOffset: bigint }
  /**
   * Where reading begins at the first record that is left, records of the time asked for may have been removed before
   * it. `removed`: how many older offsets these partitions had.
   */
  | { readonly kind: 'removed-times'; readonly partitions: readonly number[]; readonly removed: number };

export function missingOffsets(
  { partition, firstOffset, lastOffset }: OffsetRange,
  watermarks: readonly PartitionWatermarks[],
): MissingRecords[] {
  const bounds = watermarks.find((each) => each.partition === partition);
  if (bounds === undefined) return [];
  const { lowWatermark, highWatermark } = bounds;
  const missing: MissingRecords[] = [];
  if (firstOffset < lowWatermark) {
    const last = lastOffset !== undefined && lastOffset < lowWatermark ? lastOffset : lowWatermark - 1n;
    missing.push({ kind: 'removed-offsets', bounds, firstOffset, lastOffset: last });
  }
  // An open end asks for what there is: from the end on, that is nothing.
  const beyond = lastOffset ?? (firstOffset > highWatermark ? firstOffset : undefined);
  if (beyond !== undefined && beyond >= highWatermark) {
    const first = firstOffset > highWatermark ? firstOffset : highWatermark;
    missing.push({ kind: 'future-offsets', bounds, firstOffset: first });
  }
  return missing;
}

export function missingTimes(
  spans: readonly Pick<ReplaySpan, 'partition' | 'fromOffset'>[],
  watermarks: readonly PartitionWatermarks[],
): MissingRecords[] {
  const cut = watermarks.filter(
    ({ partition, lowWatermark, highWatermark }) =>
      lowWatermark > 0n &&
      (lowWatermark === highWatermark ||
        spans.some((span) => span.partition === partition && span.fromOffset === lowWatermark)),
  );
  if (cut.length === 0) return [];
  const removed = cut.reduce((sum, { lowWatermark }) => sum + Number(lowWatermark), 0);
  return [{ kind: 'removed-times', partitions: cut.map(({ partition }) => partition), removed }];
}
