/** Where a replay is in its spans. One offset of a partition says it: its spans are disjoint and in order. Pure. */
import type { ReplayOrder, ReplaySpan } from './replay-order.ts';

/** Partitions that the replay has spans of, in order, each once. */
export function partitionsOf({ spans }: Pick<ReplayOrder, 'spans'>): readonly number[] {
  return [...new Set(spans.map(({ partition }) => partition))];
}

export function spansOf({ spans }: Pick<ReplayOrder, 'spans'>, partition: number): readonly ReplaySpan[] {
  return spans.filter((span) => span.partition === partition);
}

/** Where a partition's first span begins. Undefined where the replay has none of it. */
export function startOf(order: Pick<ReplayOrder, 'spans'>, partition: number): bigint | undefined {
  return spansOf(order, partition)[0]?.fromOffset;
}

/** What is still to be read of a partition, in order; the first begins at `nextOffset` where that lies inside of it. */
export function remainingSpans(
  order: Pick<ReplayOrder, 'spans'>,
  partition: number,
  nextOffset: bigint,
): readonly ReplaySpan[] {
  return spansOf(order, partition)
    .filter(({ endOffset }) => endOffset > nextOffset)
    .map((span) => (span.fromOffset >= nextOffset ? span : { ...span, fromOffset: nextOffset }));
}

/** Offsets; records may be fewer, since transactions and compaction leave gaps. */
export function offsetsIn(spans: readonly ReplaySpan[]): number {
  return spans.reduce((sum, { fromOffset, endOffset }) => sum + Number(endOffset - fromOffset), 0);
}
