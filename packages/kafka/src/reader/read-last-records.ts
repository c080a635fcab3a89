/** What a process does of its first reads before anybody waits for them. */
import type { PartitionRange, PartitionReader } from '@astrolabe/records';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';

export interface LastRecords {
  readonly topic: string;
  /** 0 up to this one. */
  readonly partitions: number;
  readonly signal: AbortSignal;
  /** Default: they are dropped. */
  readonly onRecords?: PartitionRange['onRecords'];
  /** Aborted when partitions that are not read yet are no longer waited for. Default: after 5 seconds. */
  readonly giveUp?: AbortSignal;
}

/** The last offset of a partition is nearly always the marker of a transaction, which is not a record. */
const TAIL_OFFSETS = 10n;
/** Leaders answer within milliseconds; the first connection to one takes a few hundred. */
const GIVE_UP_AFTER_MS = 5_000;

/**
 * Reads a few of the last committed records of each partition: the reader is connected to all leaders then, and its
 * code is compiled. Called once by a service that is about to join its group; otherwise live records would wait for
 * this whenever a partition is assigned to a process that has just started.
 *
 * A partition that cannot be read in time is left to the consumer that it is assigned to: one without a leader must not
 * keep a process from all others. Rejects otherwise as `PartitionReader.read` does, but skips a batch that cannot be
 * read: the consumer that needs it reports it.
 */
export async function readLastRecords(
  reader: Pick<PartitionReader, 'offsets' | 'read'>,
  {
    topic,
    partitions,
    signal,
    onRecords = () => undefined,
    giveUp = AbortSignal.timeout(GIVE_UP_AFTER_MS),
  }: LastRecords,
): Promise<void> {
  const inTime = AbortSignal.any([signal, giveUp]);
  const readLast = async (partition: number): Promise<void> => {
    const { lowWatermark, lastStableOffset } = await reader.offsets(topic, partition);
    if (lowWatermark === lastStableOffset) return;
    const tail = lastStableOffset - TAIL_OFFSETS;
    await reader.read({
      topic,
      partition,
      fromOffset: tail > lowWatermark ? tail : lowWatermark,
      endOffset: lastStableOffset,
      signal: inTime,
      onRecords,
      onUnreadable: () => undefined,
    });
  };
  const readInTime = async (partition: number): Promise<void> => {
    try {
      await unlessAborted(readLast(partition), inTime);
    } catch (error) {
      signal.throwIfAborted();
      if (!inTime.aborted && !isAbsent(error)) throw error;
    }
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => readInTime(partition)));
}

/** The partition is not there, or its leader is not. */
function isAbsent(error: unknown): boolean {
  return isPipelineError(error, 'kafka.topic-missing') || isPipelineError(error, 'kafka.unavailable');
}
