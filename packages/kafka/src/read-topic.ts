/**
 * Reads a range of a topic once, outside any of the pipeline's groups: for replay, tracing, the demo and tests. kafkajs has no manual
 * assignment, so each read has a group of its own, which commits nothing and is deleted at the end.
 */
import { randomUUID } from 'node:crypto';
import { createKafkaAdmin } from './admin.ts';
import { clientOf, type KafkaConnection } from './connection.ts';
import { toKafkaError } from './kafka-errors.ts';
import { toConsumedRecord } from './kafkajs-record.ts';
import type { ConsumedRecord } from './record.ts';

export interface ReadTopicOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** First offset to read, by partition; a partition that is absent is read from its low watermark. */
  readonly fromOffsets?: ReadonlyMap<number, bigint>;
  readonly signal?: AbortSignal;
}

/**
 * Calls `onRecord` for each committed record from `fromOffsets` up to the high watermarks as they were at the start; order holds within a
 * partition. Resolves with the number of records. Rejects with what `onRecord` throws, or with the signal's reason.
 */
export async function readTopic(
  options: ReadTopicOptions,
  onRecord: (record: ConsumedRecord) => void,
): Promise<number> {
  const { connection, topic } = options;
  options.signal?.throwIfAborted();
  const admin = await createKafkaAdmin(connection);
  try {
    const open = new Map<number, bigint>();
    const positions = new Map<number, bigint>();
    for (const { partition, lowWatermark, highWatermark } of await admin.watermarks(topic)) {
      const asked = options.fromOffsets?.get(partition) ?? lowWatermark;
      const start = asked > lowWatermark ? asked : lowWatermark;
      if (start >= highWatermark) continue;
      open.set(partition, highWatermark);
      positions.set(partition, start);
    }
    if (open.size === 0) return 0;
    const groupId = `${connection.clientId}.read.${randomUUID()}`;
    try {
      return await readOpen(options, groupId, open, positions, onRecord);
    } finally {
      // An empty group that committed nothing vanishes by itself; deleting it keeps the group list of the operator clean.
      await admin.deleteGroups([groupId]).catch(() => undefined);
    }
  } finally {
    await admin.close();
  }
}

async function readOpen(
  { connection, topic, signal }: ReadTopicOptions,
  groupId: string,
  open: Map<number, bigint>,
  /** Next offset to hand out, by partition: after a rejoin kafkajs starts anew, and nothing may be handed out twice. */
  positions: Map<number, bigint>,
  onRecord: (record: ConsumedRecord) => void,
): Promise<number> {
  const consumer = clientOf(connection).consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    retry: { initialRetryTime: 100, retries: 8 },
  });
  const finished = Promise.withResolvers<void>();
  finished.promise.catch(() => undefined);
  let count = 0;
  let callerFault: { readonly error: unknown } | undefined;
  const handOut = (record: ConsumedRecord): void => {
    if (callerFault !== undefined) return;
    try {
      onRecord(record);
    } catch (error) {
      // kafkajs would read the batch again and go on behind the record.
      callerFault = { error };
      finished.reject(error);
    }
  };
  const reached = (partition: number, nextOffset: bigint): void => {
    const end = open.get(partition);
    if (end === undefined || nextOffset < end) return;
    open.delete(partition);
    consumer.pause([{ topic, partitions: [partition] }]);
    if (open.size === 0) finished.resolve();
  };
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) finished.reject(payload.error);
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    for (const [partition, offset] of positions) consumer.seek({ topic, partition, offset: offset.toString() });
    const finishedPartitions = (payload.memberAssignment[topic] ?? []).filter((partition) => !open.has(partition));
    consumer.pause([{ topic, partitions: finishedPartitions }]);
  });
  // A batch of nothing but transaction markers never reaches eachBatch, and may be the last one of the range.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.topic === topic) reached(payload.partition, BigInt(payload.lastOffset) + 1n);
  });
  const aborted = (): void => {
    finished.reject(signal?.reason);
  };
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, heartbeat }) => {
        const end = open.get(batch.partition);
        if (end !== undefined) {
          for (const message of batch.messages) {
            const record = toConsumedRecord(topic, batch.partition, message);
            if (record.offset < (positions.get(batch.partition) ?? end) || record.offset >= end) continue;
            positions.set(batch.partition, record.offset + 1n);
            count += 1;
            handOut(record);
          }
        }
        await heartbeat();
      },
    });
    await finished.promise;
    return count;
  } catch (error) {
    if (callerFault !== undefined) throw callerFault.error;
    throw signal?.aborted === true ? signal.reason : toKafkaError(error, `reading ${topic}`);
  } finally {
    signal?.removeEventListener('abort', aborted);
    await consumer.disconnect().catch(() => undefined);
  }
}
