/** Partitions in memory behind the same ports as the broker, for tests that need no broker. */
import { PipelineError } from '@astrolabe/service-kit';
import { partitionFor } from './partitioner.ts';
import type { ConsumedRecord, OutgoingRecord, RecordPosition } from './record.ts';
import type { RecordProducer } from './record-producer.ts';

export interface InMemoryLog extends RecordProducer {
  /** Records of a topic by partition, then offset. */
  records(topic: string): readonly ConsumedRecord[];
  /** Sends reject with this until it is undefined again. Nothing of a rejected send is stored. */
  failWith(error: PipelineError | undefined): void;
  /** Sends made from here on settle only after `release`. */
  hold(): { release(): void };
}

/** `nowMs` gives records their timestamp. */
export function createInMemoryLog({
  partitions = 6,
  nowMs = () => 0,
}: { partitions?: number; nowMs?: () => number } = {}): InMemoryLog {
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

  const append = (topic: string, record: OutgoingRecord): RecordPosition => {
    const partition = record.partition ?? partitionFor(record.key, partitions);
    const log = logOf(topic)[partition];
    if (log === undefined) throw new Error(`${topic} has no partition ${partition}`);
    const offset = BigInt(log.length);
    const { key, value, headers } = record;
    log.push({ topic, partition, offset, timestampMs: nowMs(), key, value, headers });
    return { topic, partition, offset };
  };

  return {
    send: async (topic, records) => {
      await gate;
      if (closed) throw new PipelineError('kafka.unavailable', 'the producer is closed', { retryable: true });
      if (failure !== undefined) throw failure;
      return records.map((record) => append(topic, record));
    },
    close: async () => {
      await gate;
      closed = true;
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
