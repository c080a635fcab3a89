/** What a service has not read yet, seen without joining its consumer group. */
import { decodeConnectorOffsets, headerNames, headerText } from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';
import type { Reading } from '../cluster/service-readings.ts';
import { nextOffset, type BehindCursor, type LagSample, type UnreadRecords } from './core/partition-lag.ts';

/** Every partition of a service's topic at this moment, by number. */
export async function sampleLag(
  { admin, reader }: Pick<Cluster, 'admin' | 'reader'>,
  { groupId, topic }: Reading,
  nowMs: () => number,
): Promise<ReadonlyMap<number, LagSample>> {
  const commits = await admin.commits(groupId, topic);
  const partitions = (await admin.watermarks(topic)).map(({ partition }) => partition);
  const samples = await Promise.all(
    partitions.map(async (partition): Promise<[number, LagSample]> => {
      const { lowWatermark, lastStableOffset, highWatermark } = await reader.offsets(topic, partition);
      const commit = commits.get(partition);
      const committed = commit?.nextOffset;
      // Other text than cursors is that of a service whose connectors have none.
      const cursors = decodeConnectorOffsets(commit?.metadata ?? '') ?? new Map<string, bigint>();
      const ends = { readableEnd: lastStableOffset, endOffset: highWatermark };
      return [partition, { atMs: nowMs(), committed, cursors, lowWatermark, ...ends }];
    }),
  );
  return new Map(samples);
}

/** The first records that the service has not read, `limit` offsets at most, and as many from each cursor on. */
export async function readUnread(
  cluster: Pick<Cluster, 'reader'>,
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
  // What an open transaction holds cannot be read: a reader would wait for its end.
  const { readableEnd } = sample;
  const isAll = readableEnd - fromOffset <= BigInt(limit);
  const endOffset = isAll ? readableEnd : fromOffset + BigInt(limit);
  if (endOffset > fromOffset) {
    await cluster.reader.read({
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
  const behindCursors = await readBehindCursors(cluster, topic, partition, sample, limit, signal);
  return { count, isAll, oldestAtMs, byConnector, behindCursors };
}

/** Connectors whose cursors are at the same offset, as after an outage, share one read. */
async function readBehindCursors(
  { reader }: Pick<Cluster, 'reader'>,
  topic: string,
  partition: number,
  sample: LagSample,
  limit: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BehindCursor>> {
  const next = nextOffset(sample);
  const behind = new Map<string, BehindCursor>();
  // Below the low watermark everything has expired.
  const places = Map.groupBy(sample.cursors, ([, cursor]) =>
    cursor < sample.lowWatermark ? sample.lowWatermark : cursor,
  );
  for (const [fromOffset, group] of places) {
    if (fromOffset >= next) continue;
    const isAll = next - fromOffset <= BigInt(limit);
    const endOffset = isAll ? next : fromOffset + BigInt(limit);
    const found = new Map(
      group.map(([connector]) => [connector, { count: 0, oldestAtMs: undefined as number | undefined }]),
    );
    await reader.read({
      topic,
      partition,
      fromOffset,
      endOffset,
      signal,
      onRecords: (records) => {
        for (const record of records) {
          const of = found.get(headerText(record, headerNames.connectorId) ?? '');
          if (of === undefined) continue;
          of.count += 1;
          of.oldestAtMs ??= record.timestampMs;
        }
      },
    });
    const scale = Number(next - fromOffset) / Number(endOffset - fromOffset);
    for (const [connector, { count, oldestAtMs }] of found) {
      behind.set(connector, { records: Math.round(count * scale), isEstimate: !isAll, oldestAtMs });
    }
  }
  return behind;
}
