/** Offsets of a replay as an operator types them. Pure. */
import type { ReplayRequest } from '@astrolabe/replay';
import { parseOffsetRanges, type OffsetRange } from '../../core/offset-ranges.ts';

/** The same ranges are the same text, however they were typed. */
export function offsetsText(ranges: readonly OffsetRange[]): string {
  return ranges
    .map(({ partition, firstOffset, lastOffset }) => `${partition}:${firstOffset}-${lastOffset ?? ''}`)
    .join(',');
}

/** Reads what `offsetsText` has written. */
export function offsetRangesOf({ offsets }: Pick<ReplayRequest, 'offsets'>): readonly OffsetRange[] | undefined {
  if (offsets === undefined) return undefined;
  const parsed = parseOffsetRanges(offsets);
  if (parsed.kind === 'invalid') throw new Error(`the offsets of a replay cannot be read: ${parsed.reason}`);
  return parsed.ranges;
}
