/** Partitions in memory behind the same ports as the broker, for tests that need no broker. */
import { PipelineError } from '@astrolabe/service-kit/errors';
import { partitionFor } from '../record/partitioner.ts';
import { recordSizeBytes, type ConsumedRecord, type OutgoingRecord, type RecordPosition } from '../record/record.ts';
import type { RecordProducer } from '../ports/record-producer.ts';

export interface InMemoryLog extends RecordProducer {
  /** Records of a topic by partition, then offset. */
  records(topic: string): readonly ConsumedRecord[];
  /** Sends reject with this until it is undefined again. Nothing of a rejected send is stored. */
  failWith(error: PipelineError | undefined): void;
  /** Sends made from here on settle only after `release`. */
  hold(): { release(): void };
}

export interface InMemoryLogOptions {
  /** Of every topic. Default 6. */
  readonly partitions?: number;
  /** Gives records their timestamp. Default: 0. */
  readonly nowMs?: () => number;
  /** As `RecordProducerOptions.maxRecordBytes`. Default 1,000,000. */
  readonly maxRecordBytes?: number;
}

export function createInMemoryLog({
  partitions = 6,
  nowMs = () => 0,
  maxRecordBytes = 1_000_000,
}: InMemoryLogOptions = {}): InMemoryLog {
  const topics = new Map<string, ConsumedRecord[][]>();
  let failure: PipelineError | undefined;
  let gate: Promise<void> = Promise.resolve();
  let closed = false;

  const logOf = (topic: string): ConsumedRecord[][] => {
    const existing = topics.get(topic);
    if (existing !== undefined) return existing;
    const created = Array.from({ length: partitions }, () => []);
    topics.set(topic, created);
    return created;
  };

  const placeOf = (topic: string, record: OutgoingRecord): { partition: number; log: ConsumedRecord[] } => {
    const sizeBytes = recordSizeBytes(record);
    if (sizeBytes > maxRecordBytes) {
      const message = `a record of ${sizeBytes} bytes is over the limit of ${maxRecordBytes}`;
      throw new PipelineError('kafka.record-too-large', message, { retryable: false });
    }
    const partition = record.partition ?? partitionFor(record.key, partitions);
    const log = logOf(topic)[partition];
    if (log !== undefined) return { partition, log };
    throw new PipelineError('kafka.topic-missing', `${topic} has no partition ${partition}`, { retryable: true });
  };

  return {
    send: async (topic, records) => {
      if (closed) throw new PipelineError('kafka.unavailable', 'the producer is closed', { retryable: true });
      await gate;
      if (failure !== undefined) throw failure;
      // All find their place before any is stored: a rejected send leaves nothing behind.
      const placed = records.map((record) => ({ record, ...placeOf(topic, record) }));
      return placed.map(({ record: { key, value, headers }, partition, log }): RecordPosition => {
        const offset = BigInt(log.length);
        log.push({ topic, partition, offset, timestampMs: nowMs(), key, value, headers });
        return { topic, partition, offset };
      });
    },
    close: async () => {
      closed = true;
      await gate;
    },
    records: (topic) => (topics.get(topic) ?? []).flat(),
    failWith: (error) => {
      failure = error;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return { release: resolve };
    },
  };
}
