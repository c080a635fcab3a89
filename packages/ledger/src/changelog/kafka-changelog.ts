/** The changelog on the brokers. */
import type { KafkaAdmin } from '@astrolabe/kafka';
import type { ConsumedRecord, PartitionReader, RecordProducer } from '@astrolabe/records';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import type { LedgerChangelog } from './ledger-changelog.ts';

export interface KafkaChangelogOptions {
  /** The topic of deliveries, with the prefix it has on this cluster. */
  readonly topic: string;
  readonly producer: Pick<RecordProducer, 'send'>;
  readonly reader: Pick<PartitionReader, 'read' | 'offsets'>;
  readonly admin: Pick<KafkaAdmin, 'offsetsAt'>;
}

/** Closes nothing that it is given. One serves all partitions. */
export function createKafkaChangelog({ topic, producer, reader, admin }: KafkaChangelogOptions): LedgerChangelog {
  return {
    append: async (partition, chunk) => {
      const [position] = await producer.send(topic, [{ key: null, value: chunk, headers: {}, partition }]);
      if (position === undefined) throw new Error(`${topic}[${partition}]: a chunk was stored without a position`);
      return position.offset;
    },
    read: async (partition, { fromOffset, untilOffset, signal }, onChunks) => {
      try {
        return await reader.read({
          topic,
          partition,
          fromOffset,
          endOffset: untilOffset,
          signal,
          onRecords: (records) => onChunks(records.map(toChunk)),
        });
      } catch (error) {
        if (!isPipelineError(error, 'kafka.offset-out-of-range')) throw error;
        // Beyond the end: the caller has a copy of another topic, and finds out by getting nothing.
        return (await reader.offsets(topic, partition)).highWatermark;
      }
    },
    // A chunk's time on the broker is when it was sent, after its deliveries: none of them is missed.
    offsetSince: async (partition, timeMs) => {
      const offset = (await admin.offsetsAt(topic, timeMs)).get(partition);
      if (offset !== undefined) return offset;
      const message = `${topic} has no partition ${partition}; it needs as many as the command topic: "astrolabe topics apply"`;
      throw new PipelineError('kafka.topic-missing', message, { retryable: true });
    },
  };
}

function toChunk({ topic, partition, offset, value }: ConsumedRecord): { offset: bigint; bytes: Buffer } {
  if (value !== null) return { offset, bytes: value };
  const message = `${topic}[${partition}]@${offset} has no value; something else writes to the topic`;
  throw new PipelineError('ledger.damaged', message, { retryable: false });
}
