/** What a process does of its first reads before anybody waits for them. */
import type { PartitionRange, PartitionReader } from '@astrolabe/records';

export interface LastRecords {
  readonly topic: string;
  /** 0 up to this one. */
  readonly partitions: number;
  readonly signal: AbortSignal;
  /** Default: they are dropped. */
  readonly onRecords?: PartitionRange['onRecords'];
}

/**
 * Reads the last committed record of each partition: the reader is connected to all leaders then, and its code is
 * compiled. Called once by a service that is about to join its group; otherwise live records would wait for this
 * whenever a partition is assigned to a process that has just started. Rejects as `PartitionReader.read` does, but
 * skips a batch that cannot be read: the consumer that needs it reports it.
 */
export async function readLastRecords(
  reader: Pick<PartitionReader, 'offsets' | 'read'>,
  { topic, partitions, signal, onRecords = () => undefined }: LastRecords,
): Promise<void> {
  const readLast = async (partition: number): Promise<void> => {
    const { lowWatermark, lastStableOffset } = await reader.offsets(topic, partition);
    if (lowWatermark === lastStableOffset) return;
    await reader.read({
      topic,
      partition,
      fromOffset: lastStableOffset - 1n,
      endOffset: lastStableOffset,
      signal,
      onRecords,
      onUnreadable: () => undefined,
    });
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => readLast(partition)));
}
