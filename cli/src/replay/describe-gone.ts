/** What was asked for and is not on the topic: gone, or not there yet. Told, since a replay of nothing looks like one that worked. */
import type { PartitionWatermarks } from '@astrolabe/kafka';
import type { Cluster } from '../cluster.ts';
import { parseOffsetRanges, type OffsetRange } from '../core/offset-ranges.ts';
import { formatCount } from '../core/table.ts';
import type { ReplayRequest, ReplaySpan, ReplayState } from './replay-state.ts';

export async function describeGone(
  { admin }: Pick<Cluster, 'admin'>,
  topic: string,
  { offsets, toDatetime, byDuration }: ReplayRequest,
  { spans }: ReplayState,
): Promise<string[]> {
  const bounds = await admin.watermarks(topic);
  const parsed = offsets === undefined ? undefined : parseOffsetRanges(offsets);
  if (parsed?.kind === 'ranges') return parsed.ranges.flatMap((range) => goneOf(topic, range, bounds));
  if (toDatetime === undefined && byDuration === undefined) return [];
  return goneBefore(topic, spans, bounds);
}

/** Pure. */
export function goneOf(
  topic: string,
  { partition, firstOffset, lastOffset }: OffsetRange,
  bounds: readonly PartitionWatermarks[],
): string[] {
  const found = bounds.find((each) => each.partition === partition);
  if (found === undefined) return [];
  const { lowWatermark, highWatermark } = found;
  const holds =
    lowWatermark === highWatermark
      ? `the partition is empty (its next offset is ${highWatermark})`
      : `the partition holds ${lowWatermark} to ${highWatermark - 1n}`;
  const lines: string[] = [];
  if (firstOffset < lowWatermark) {
    const last = lastOffset !== undefined && lastOffset < lowWatermark ? lastOffset : lowWatermark - 1n;
    lines.push(`${topic}[${partition}]: offsets ${firstOffset} to ${last} are gone; ${holds}.`);
  }
  const beyond = lastOffset ?? (firstOffset >= highWatermark ? firstOffset : undefined);
  if (beyond !== undefined && beyond >= highWatermark) {
    const first = firstOffset > highWatermark ? firstOffset : highWatermark;
    lines.push(`${topic}[${partition}]: offsets from ${first} on are not there yet; ${holds}.`);
  }
  return lines;
}

/** Pure. Where reading begins at the first record that is left, records of the time asked for may have been removed before it. */
export function goneBefore(
  topic: string,
  spans: readonly Pick<ReplaySpan, 'partition' | 'fromOffset'>[],
  bounds: readonly PartitionWatermarks[],
): string[] {
  const cut = bounds.filter(
    ({ partition, lowWatermark, highWatermark }) =>
      lowWatermark > 0n &&
      (lowWatermark === highWatermark ||
        spans.some((span) => span.partition === partition && span.fromOffset === lowWatermark)),
  );
  if (cut.length === 0) return [];
  const removed = cut.reduce((sum, { lowWatermark }) => sum + Number(lowWatermark), 0);
  const partitions = cut.map(({ partition }) => partition).join(', ');
  return [
    `${topic}: the time asked for may be before what is left of partitions ${partitions}: ${formatCount(removed)} older offsets have been removed (retention).`,
  ];
}
