/** Positions of the services that belong to an earlier topic of the same name: it was deleted and created again. */
import { isRecreated, parsePosition, positionKey } from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';
import type { Reading } from '../cluster/service-readings.ts';

export interface RecreatedPosition {
  readonly partition: number;
  readonly nextOffset: bigint;
  readonly storedId: string;
  readonly currentId: string;
}

/** Each transaction of the mapper ends with its position, so the last records of a partition of its state hold it. */
const LAST_OFFSETS = 200n;

/**
 * A service keeps its position beside its commits (the dispatcher), or in `changelogTopic` (the mapper). Empty where
 * all positions belong to the topic as it is, and where the brokers give no ids.
 */
export async function findRecreated(
  cluster: Pick<Cluster, 'admin' | 'reader' | 'inspector'>,
  { groupId, topic, changelogTopic }: Reading,
  signal: AbortSignal,
): Promise<readonly RecreatedPosition[]> {
  const [found] = await cluster.inspector.describe([topic]);
  const currentId = found?.topicId;
  if (currentId === undefined) return [];
  const stored =
    changelogTopic === undefined
      ? await cluster.admin.commits(groupId, topic)
      : await readPositions(cluster, changelogTopic, groupId, signal);
  return [...stored].flatMap(([partition, { nextOffset, topicId: storedId }]): RecreatedPosition[] =>
    storedId !== undefined && isRecreated(storedId, currentId) ? [{ partition, nextOffset, storedId, currentId }] : [],
  );
}

async function readPositions(
  { admin, reader }: Pick<Cluster, 'admin' | 'reader'>,
  changelogTopic: string,
  groupId: string,
  signal: AbortSignal,
) {
  const key = positionKey(groupId);
  const positions = new Map<number, NonNullable<ReturnType<typeof parsePosition>>>();
  const partitions = await admin.watermarks(changelogTopic);
  await Promise.all(
    partitions.map(async ({ partition }) => {
      const { lowWatermark, lastStableOffset: endOffset } = await reader.offsets(changelogTopic, partition);
      const last = endOffset - LAST_OFFSETS;
      const fromOffset = last > lowWatermark ? last : lowWatermark;
      if (fromOffset >= endOffset) return;
      const onRecords = (records: readonly { readonly key: Buffer | null; readonly value: Buffer | null }[]): void => {
        for (const record of records) {
          if (record.key?.toString() !== key) continue;
          const position = parsePosition(record.value);
          if (position === undefined) positions.delete(partition);
          else positions.set(partition, position);
        }
      };
      await reader.read({ topic: changelogTopic, partition, fromOffset, endOffset, signal, onRecords });
    }),
  );
  return positions;
}
