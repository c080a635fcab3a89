/** The cluster as the verbs that read topics use it. */
import {
  connectionFromConfig,
  createKafkaAdmin,
  createPartitionReader,
  createTopicInspector,
  type KafkaAdmin,
  type KafkaConnection,
  type TopicInspector,
} from '@astrolabe/kafka';
import {
  topicsFor,
  type ConsumedRecord,
  type ContainsFilter,
  type PartitionReader,
  type Topics,
} from '@astrolabe/records';
import { createLogger, type Logger } from '@astrolabe/service-kit';
import type { CommandContext } from './command-context.ts';
import type { ClusterConfig } from './config.ts';
import { UsageError } from './exit-codes.ts';
import type { RangeFlags } from './flags.ts';
import { reachBrokers } from './reach-brokers.ts';
import { settledOffsets } from './settled-offsets.ts';

export interface Cluster {
  readonly connection: KafkaConnection;
  readonly admin: KafkaAdmin;
  readonly reader: PartitionReader;
  readonly inspector: TopicInspector;
  readonly topics: Topics;
  readonly logger: Logger;
  close(): Promise<void>;
}

/** Connects; rejects with `kafka.unavailable`, within seconds, when no broker can be reached. */
export async function openCluster(
  config: ClusterConfig,
  context: Pick<CommandContext, 'note' | 'signal'>,
): Promise<Cluster> {
  await reachBrokers(context, config);
  const logger = createLogger({ name: 'astrolabe', level: config.logLevel });
  const connection = connectionFromConfig(config, 'cli', logger);
  const admin = await createKafkaAdmin(connection);
  const reader = createPartitionReader({ connection });
  const inspector = createTopicInspector(connection);
  return {
    connection,
    admin,
    reader,
    inspector,
    topics: topicsFor(config.kafkaTopicPrefix),
    logger,
    close: async () => {
      await reader.close();
      await inspector.close();
      await admin.close();
    },
  };
}

/** Part of a partition. `endOffset` is the first that is not read any more. */
export interface PartitionSpan {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
}

/** The parts of a topic that flags ask for, as the topic is at this moment. Partitions with nothing in range are left out. */
export async function spansOf(
  { admin, reader }: Pick<Cluster, 'admin' | 'reader'>,
  topic: string,
  flags: RangeFlags,
  nowMs: number,
): Promise<PartitionSpan[]> {
  const { toDatetime, byDuration, untilDatetime, offsets, toEarliest } = flags;
  const starts = [toDatetime, byDuration, toEarliest, offsets].filter((flag) => flag !== undefined);
  if (starts.length > 1) {
    throw new UsageError('Give one of --to-earliest, --to-datetime, --by-duration and --offsets.');
  }
  const numbers = (await admin.watermarks(topic)).map(({ partition }) => partition);
  const unknown = new Set((offsets ?? []).map(({ partition }) => partition).filter((each) => !numbers.includes(each)));
  if (unknown.size > 0) {
    const has = `it has partitions 0 to ${numbers.length - 1}`;
    throw new UsageError(`${topic} has no partition ${[...unknown].join(', ')}; ${has}.`);
  }
  const bounds = await Promise.all(
    numbers.map(async (partition) => ({ partition, ...(await settledOffsets(reader, topic, partition)) })),
  );
  const startMs = toDatetime ?? (byDuration === undefined ? undefined : nowMs - byDuration);
  const from = startMs === undefined ? undefined : await admin.offsetsAt(topic, startMs);
  const until = untilDatetime === undefined ? undefined : await admin.offsetsAt(topic, untilDatetime);
  return bounds
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
}

/** How many offsets the spans have; records may be fewer, since transactions and compaction leave gaps. */
export function offsetsIn(spans: readonly PartitionSpan[]): number {
  return spans.reduce((sum, { fromOffset, endOffset }) => sum + Number(endOffset - fromOffset), 0);
}

/**
 * Calls `onRecords` with the committed records of the spans, side by side over partitions, in order within each. Rejects with what it throws,
 * or with the signal's reason; the other reads have ended then.
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
