/** Which parts of a topic a request is about, and reading them. */
import type { ConsumedRecord, ContainsFilter } from '@astrolabe/records';
import type { OffsetRange } from '../core/offset-ranges.ts';
import type { Cluster } from './cluster.ts';
import { SettledOffsets, settledOffsets } from './settled-offsets.ts';

/**
 * Part of a topic, as an operator asks for it: one start at most. Begins as the reset options of kafka-consumer-groups
 * do.
 */
export interface RangeRequest {
  readonly toEarliest?: boolean;
  /** Epoch milliseconds. */
  readonly toDatetime?: number;
  /** Milliseconds back from now. */
  readonly byDuration?: number;
  /** Epoch milliseconds. */
  readonly untilDatetime?: number;
  readonly offsets?: readonly OffsetRange[];
}

/** Part of a partition. `endOffset` is the first that is not read. */
export interface PartitionSpan {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
}

export type RangeRefusal =
  | { readonly kind: 'several-starts' }
  | {
      readonly kind: 'unknown-partition';
      readonly topic: string;
      readonly unknown: readonly number[];
      /** How many the topic has, numbered from 0. */
      readonly partitions: number;
    };

export type FoundSpans = { readonly kind: 'spans'; readonly spans: readonly PartitionSpan[] } | RangeRefusal;

/**
 * The parts of a topic that are asked for, as the topic is at this moment. Partitions with nothing in range are left
 * out.
 */
export async function findSpans(
  { admin, reader }: Pick<Cluster, 'admin' | 'reader'>,
  topic: string,
  { toDatetime, byDuration, untilDatetime, offsets, toEarliest }: RangeRequest,
  nowMs: number,
): Promise<FoundSpans> {
  const starts = [toDatetime, byDuration, toEarliest, offsets].filter((start) => start !== undefined);
  if (starts.length > 1) return { kind: 'several-starts' };
  const numbers = (await admin.watermarks(topic)).map(({ partition }) => partition);
  const unknown = new Set((offsets ?? []).map(({ partition }) => partition).filter((each) => !numbers.includes(each)));
  if (unknown.size > 0) return { kind: 'unknown-partition', topic, unknown: [...unknown], partitions: numbers.length };
  const bounds = await Promise.all(
    numbers.map(async (partition) => ({ partition, ...(await settledOffsets(reader, topic, partition)) })),
  );
  const startMs = toDatetime ?? (byDuration === undefined ? undefined : nowMs - byDuration);
  const from = startMs === undefined ? undefined : await admin.offsetsAt(topic, startMs);
  const until = untilDatetime === undefined ? undefined : await admin.offsetsAt(topic, untilDatetime);
  const spans = bounds
    .flatMap(({ partition, lowWatermark, lastStableOffset }): PartitionSpan[] => {
      const low = from?.get(partition) ?? lowWatermark;
      const wanted = until?.get(partition) ?? lastStableOffset;
      const high = wanted < lastStableOffset ? wanted : lastStableOffset;
      if (offsets === undefined) return [{ topic, partition, fromOffset: low, endOffset: high }];
      return offsets
        .filter((range) => range.partition === partition)
        .map(({ firstOffset, lastOffset }) => ({
          topic,
          partition,
          fromOffset: firstOffset > low ? firstOffset : low,
          endOffset: lastOffset !== undefined && lastOffset < high ? lastOffset + 1n : high,
        }));
    })
    .filter(({ fromOffset, endOffset }) => fromOffset < endOffset);
  return { kind: 'spans', spans };
}

/** The whole topic, as it is at this moment. */
export async function wholeTopic(cluster: Pick<Cluster, 'admin' | 'reader'>, topic: string): Promise<PartitionSpan[]> {
  const numbers = (await cluster.admin.watermarks(topic)).map(({ partition }) => partition);
  const spans = await Promise.all(
    numbers.map(async (partition): Promise<PartitionSpan> => {
      const { lowWatermark, lastStableOffset } = await settledOffsets(cluster.reader, topic, partition);
      return { topic, partition, fromOffset: lowWatermark, endOffset: lastStableOffset };
    }),
  );
  return spans.filter(({ fromOffset, endOffset }) => fromOffset < endOffset);
}

/**
 * The topic from a time on, epoch milliseconds, as it is at this moment; before `untilMs`, where that is given.
 * `settled`: of a caller that asks several times.
 */
export async function spansSince(
  { admin, reader }: Pick<Cluster, 'admin' | 'reader'>,
  topic: string,
  fromMs: number,
  untilMs = Number.POSITIVE_INFINITY,
  settled = new SettledOffsets(reader),
): Promise<PartitionSpan[]> {
  const from = await admin.offsetsAt(topic, Math.max(0, Math.floor(fromMs)));
  const until = Number.isFinite(untilMs) ? await admin.offsetsAt(topic, Math.floor(untilMs)) : undefined;
  const spans = await Promise.all(
    [...from].map(async ([partition, fromOffset]): Promise<PartitionSpan> => {
      const { lastStableOffset } = await settled.of(topic, partition);
      const end = until?.get(partition) ?? lastStableOffset;
      return { topic, partition, fromOffset, endOffset: end < lastStableOffset ? end : lastStableOffset };
    }),
  );
  return spans.filter(({ fromOffset, endOffset }) => fromOffset < endOffset);
}

/** How many offsets the spans have; records may be fewer, since transactions and compaction leave gaps. */
export function offsetsIn(spans: readonly PartitionSpan[]): number {
  return spans.reduce((sum, { fromOffset, endOffset }) => sum + Number(endOffset - fromOffset), 0);
}

/**
 * Calls `onRecords` with the committed records of the spans, side by side over partitions, in order within each.
 * Rejects with what it throws, or with the signal's reason; the other reads have ended by then.
 */
export async function readSpans(
  { reader }: Pick<Cluster, 'reader'>,
  spans: readonly PartitionSpan[],
  signal: AbortSignal,
  onRecords: (records: readonly ConsumedRecord[]) => void | Promise<void>,
  only?: ContainsFilter,
): Promise<void> {
  const failed = new AbortController();
  const ends = AbortSignal.any([signal, failed.signal]);
  const byPartition = Map.groupBy(spans, ({ topic, partition }) => `${topic}:${partition}`);
  const reads = [...byPartition.values()].map(async (parts) => {
    try {
      for (const part of parts) await reader.read({ ...part, signal: ends, onRecords, only });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(reads);
  await Promise.all(reads);
}
