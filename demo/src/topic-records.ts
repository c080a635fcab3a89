import { createKafkaAdmin, readTopic, type KafkaAdmin, type KafkaConnection } from '@astrolabe/kafka';
import type { ConsumedRecord } from '@astrolabe/records';

/** Next offset to read, by partition. */
export type TopicOffsets = ReadonlyMap<number, bigint>;

/** The records from `fromOffsets` to the end of the topic as it is now; without offsets, from its beginning. */
export async function readRecords(
  connection: KafkaConnection,
  topic: string,
  fromOffsets?: TopicOffsets,
): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection, topic, ...(fromOffsets === undefined ? {} : { fromOffsets }) }, (record) => {
    records.push(record);
  });
  return records;
}

export async function withAdmin<T>(connection: KafkaConnection, use: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = await createKafkaAdmin(connection);
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** The ends of topics, in the order of their names. */
export async function topicEnds(connection: KafkaConnection, topics: readonly string[]): Promise<TopicOffsets[]> {
  return withAdmin(connection, (admin) =>
    Promise.all(
      topics.map(
        async (topic) =>
          new Map((await admin.watermarks(topic)).map(({ partition, highWatermark }) => [partition, highWatermark])),
      ),
    ),
  );
}
