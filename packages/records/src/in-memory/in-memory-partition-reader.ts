/** The in-memory fake of the partition reader, for tests that need no broker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { PartitionOffsets, PartitionRange, PartitionReader } from '../ports/partition-reader.ts';
import type { ConsumedRecord } from '../record/record.ts';

/** What is read: an `InMemoryLog`, or whatever else keeps records by topic. Offsets may have gaps. */
export interface InMemoryPartitions {
  /** Committed records of a topic, in the order of their offsets within each partition. */
  records(topic: string): readonly ConsumedRecord[];
  /**
   * Where markers, open transactions or deleted records make the difference. Default: from 0 to behind the last record.
   */
  offsets?(topic: string, partition: number): PartitionOffsets;
}

export interface InMemoryPartitionReaderOptions {
  /** Of every topic, as of the log. Default 6. */
  readonly partitions?: number;
  /** Most records in one call of `onRecords`. Default 100. */
  readonly maxRecords?: number;
}

export interface InMemoryPartitionReader extends PartitionReader {
  /**
   * Reads and questions reject with this until it is undefined again; a read that has begun, before its next call of
   * `onRecords`.
   */
  failWith(error: PipelineError | undefined): void;
}

const POLL_MS = 1;

export function createInMemoryPartitionReader(
  log: InMemoryPartitions,
  { partitions = 6, maxRecords = 100 }: InMemoryPartitionReaderOptions = {},
): InMemoryPartitionReader {
  let failure: PipelineError | undefined;
  let closed = false;

  const check = (topic: string, partition: number): void => {
    if (closed) throw new PipelineError('kafka.unavailable', 'the reader is closed', { retryable: true });
    if (failure !== undefined) throw failure;
    if (partition >= 0 && partition < partitions) return;
    throw new PipelineError('kafka.topic-missing', `${topic} has no partition ${partition}`, { retryable: true });
  };
  const recordsOf = (topic: string, partition: number): ConsumedRecord[] =>
    log.records(topic).filter((record) => record.partition === partition);
  const offsetsOf = (topic: string, partition: number): PartitionOffsets => {
    const known = log.offsets?.(topic, partition);
    if (known !== undefined) return known;
    const end = (recordsOf(topic, partition).at(-1)?.offset ?? -1n) + 1n;
    return { lowWatermark: 0n, lastStableOffset: end, highWatermark: end };
  };

  const read = async (range: PartitionRange) => {
    const { topic, partition, fromOffset, endOffset, signal, onRecords, only, isolation } = range;
    signal?.throwIfAborted();
    check(topic, partition);
    const endOf = ({ lastStableOffset, highWatermark }: PartitionOffsets): bigint =>
      isolation === 'all' ? highWatermark : lastStableOffset;
    const atStart = offsetsOf(topic, partition);
    const end = endOffset ?? endOf(atStart);
    let next = later(fromOffset ?? 0n, atStart.lowWatermark);
    if (next > atStart.highWatermark) {
      const message = `${topic}[${partition}] ends at ${atStart.highWatermark}, offset ${next} is not there`;
      throw new PipelineError('kafka.offset-out-of-range', message, { retryable: false });
    }
    while (next < end) {
      const available = endOf(offsetsOf(topic, partition));
      const stable = end < available ? end : available;
      const found = recordsOf(topic, partition).filter(({ offset }) => offset >= next && offset < stable);
      const batch = found.slice(0, maxRecords);
      const reached = batch.length < found.length ? (batch.at(-1)?.offset ?? next) + 1n : later(stable, next);
      const wanted = only === undefined ? batch : batch.filter((record) => holds(record, only.bytes));
      if (wanted.length < batch.length) only?.onSkipped(batch.length - wanted.length);
      if (wanted.length > 0) await onRecords(wanted, reached);
      else if (reached === next) await sleep(POLL_MS);
      signal?.throwIfAborted();
      check(topic, partition);
      next = reached;
    }
    return next;
  };

  return {
    read,
    offsets: async (topic, partition) => {
      check(topic, partition);
      return offsetsOf(topic, partition);
    },
    close: async () => {
      closed = true;
    },
    failWith: (error) => {
      failure = error;
    },
  };
}

function holds({ key, value, headers }: ConsumedRecord, bytes: Buffer): boolean {
  return [key, value, ...Object.values(headers)].some((part) => part?.includes(bytes) ?? false);
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
