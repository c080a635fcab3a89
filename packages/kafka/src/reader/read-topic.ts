/** Reads a range of a topic once, outside any consumer group: for replay, tracing, the demo and tests. */
import type { ConsumedRecord } from '@astrolabe/records';
import { createKafkaAdmin } from '../admin/admin.ts';
import type { KafkaConnection } from '../connection.ts';
import { createPartitionReader } from './kafkajs-partition-reader.ts';

export interface ReadTopicOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** First offset to read, by partition; a partition that is absent is read from its low watermark. */
  readonly fromOffsets?: ReadonlyMap<number, bigint>;
  readonly signal?: AbortSignal;
}

/**
 * Calls `onRecord` for each committed record from `fromOffsets` up to the high watermarks as they were at the start;
 * order holds within a partition. A transaction that is open below them is waited for: whatever was acknowledged before
 * the call is read. Resolves with the number of records. Rejects with what `onRecord` throws, with the signal's reason,
 * or as `PartitionReader.read` does.
 */
export async function readTopic(
  { connection, topic, fromOffsets, signal }: ReadTopicOptions,
  onRecord: (record: ConsumedRecord) => void,
): Promise<number> {
  signal?.throwIfAborted();
  const partitions = await watermarksOf(connection, topic);
  const reader = createPartitionReader({ connection });
  // The first failure ends the reads of the other partitions too.
  const failed = new AbortController();
  let count = 0;
  const hand = (records: readonly ConsumedRecord[]): void => {
    for (const record of records) {
      signal?.throwIfAborted();
      failed.signal.throwIfAborted();
      count += 1;
      onRecord(record);
    }
  };
  const reads = partitions.map(async ({ partition, lowWatermark, highWatermark }) => {
    const fromOffset = fromOffsets?.get(partition) ?? lowWatermark;
    if (fromOffset >= highWatermark || lowWatermark >= highWatermark) return;
    const bounds = { topic, partition, fromOffset, endOffset: highWatermark };
    const ends = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
    try {
      await reader.read({ ...bounds, signal: ends, onRecords: hand });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  try {
    await Promise.all(reads);
    return count;
  } finally {
    await Promise.allSettled(reads);
    await reader.close();
  }
}

async function watermarksOf(connection: KafkaConnection, topic: string) {
  const admin = await createKafkaAdmin(connection);
  try {
    return await admin.watermarks(topic);
  } finally {
    await admin.close();
  }
}
