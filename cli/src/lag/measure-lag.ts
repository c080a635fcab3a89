import { headerNames, headerText } from '@astrolabe/kafka';
import type { Cluster } from '../cluster.ts';
import { nextOffset, type LagSample, type UnreadRecords } from './partition-lag.ts';

/** A service and what it reads. */
export interface Reading {
  readonly service: string;
  readonly groupId: string;
  readonly topic: string;
}

/** Every partition of a service's topic at this moment, by number. */
export async function sampleLag(
  { admin, reader }: Cluster,
  { groupId, topic }: Reading,
  nowMs: () => number,
): Promise<ReadonlyMap<number, LagSample>> {
  const committed = await admin.committedOffsets(groupId, topic);
  const partitions = (await admin.watermarks(topic)).map(({ partition }) => partition);
  const samples = await Promise.all(
    partitions.map(async (partition): Promise<[number, LagSample]> => {
      const { lowWatermark, lastStableOffset } = await reader.offsets(topic, partition);
      const sample = { atMs: nowMs(), committed: committed.get(partition), lowWatermark, endOffset: lastStableOffset };
      return [partition, sample];
    }),
  );
  return new Map(samples);
}

/** The first records that the service has not read, `limit` offsets at most. */
export async function readUnread(
  { reader }: Cluster,
  { topic }: Reading,
  partition: number,
  sample: LagSample,
  limit: number,
  signal: AbortSignal,
): Promise<UnreadRecords> {
  const fromOffset = nextOffset(sample);
  const byConnector = new Map<string, number>();
  let count = 0;
  let oldestAtMs: number | undefined;
  const isAll = sample.endOffset - fromOffset <= BigInt(limit);
  const endOffset = isAll ? sample.endOffset : fromOffset + BigInt(limit);
  if (endOffset > fromOffset) {
    await reader.read({
      topic,
      partition,
      fromOffset,
      endOffset,
      signal,
      onRecords: (records) => {
        count += records.length;
        for (const record of records) {
          oldestAtMs ??= record.timestampMs;
          const connector = headerText(record, headerNames.connectorId) ?? 'unknown';
          byConnector.set(connector, (byConnector.get(connector) ?? 0) + 1);
        }
      },
    });
  }
  return { count, isAll, oldestAtMs, byConnector };
}
