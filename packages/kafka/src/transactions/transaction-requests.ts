/** Which records of a unit go into which request. No I/O. */
import { partitionFor, recordSizeBytes, type OutgoingRecord, type TopicRecord } from '@astrolabe/records';
import { PipelineError } from '@astrolabe/service-kit/errors';

/** The partitions of a topic and who leads them. */
export type PartitionLeaders = readonly { readonly partitionId: number; readonly leader: number }[];

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Records of one partition, in order. */
export interface PlacedRecords extends TopicPartition {
  readonly leader: number;
  readonly records: readonly OutgoingRecord[];
}

/** For one broker, to be sent one after the other. */
export interface LeaderRequests {
  readonly leader: number;
  readonly requests: readonly (readonly PlacedRecords[])[];
}

/** Puts each record on its partition. Throws `kafka.record-too-large` and `kafka.topic-missing`. */
export function placeRecords(
  records: readonly TopicRecord[],
  leadersOf: (topic: string) => PartitionLeaders,
  maxRecordBytes: number,
): PlacedRecords[] {
  const placed = new Map<string, { topic: string; partition: number; leader: number; records: OutgoingRecord[] }>();
  for (const record of records) {
    assertRecordSize(record, maxRecordBytes);
    const { topic } = record;
    const leaders = leadersOf(topic);
    const partition = record.partition ?? partitionFor(record.key, Math.max(1, leaders.length));
    const name = `${topic}:${partition}`;
    const together = placed.get(name);
    if (together !== undefined) together.records.push(record);
    else placed.set(name, { topic, partition, leader: leaderOf(leaders, topic, partition), records: [record] });
  }
  return [...placed.values()];
}

/** Throws `kafka.record-too-large`. */
export function assertRecordSize(record: TopicRecord, maxRecordBytes: number): void {
  const sizeBytes = recordSizeBytes(record);
  if (sizeBytes <= maxRecordBytes) return;
  const message = `a record of ${sizeBytes} bytes is over the limit of ${maxRecordBytes}`;
  const details = { topic: record.topic, sizeBytes, maxBytes: maxRecordBytes };
  throw new PipelineError('kafka.record-too-large', message, { retryable: false, details });
}

function leaderOf(leaders: PartitionLeaders, topic: string, partition: number): number {
  // Without gaps, as brokers give them, every partition is at the place of its number.
  const expected = leaders[partition];
  const found =
    expected?.partitionId === partition ? expected : leaders.find(({ partitionId }) => partitionId === partition);
  if (found !== undefined) return found.leader;
  const message = `${topic} has no partition ${partition}; add partitions with "astrolabe topics apply"`;
  throw new PipelineError('kafka.topic-missing', message, { retryable: true });
}

/**
 * Cuts what each broker gets into requests of `maxBytes`, at least a record in each; order holds within a partition.
 */
export function cutIntoRequests(placed: readonly PlacedRecords[], maxBytes: number): LeaderRequests[] {
  const byLeader = new Map<number, PlacedRecords[]>();
  for (const each of placed) {
    const together = byLeader.get(each.leader);
    if (together === undefined) byLeader.set(each.leader, [each]);
    else together.push(each);
  }
  return [...byLeader].map(([leader, all]) => ({ leader, requests: cut(all, maxBytes) }));
}

function cut(placed: readonly PlacedRecords[], maxBytes: number): PlacedRecords[][] {
  const requests: PlacedRecords[][] = [];
  let request: PlacedRecords[] = [];
  let requestBytes = 0;
  for (const { records, ...target } of placed) {
    let start = 0;
    records.forEach((record, index) => {
      const sizeBytes = recordSizeBytes(record);
      if (requestBytes > 0 && requestBytes + sizeBytes > maxBytes) {
        if (index > start) request.push({ ...target, records: records.slice(start, index) });
        requests.push(request);
        request = [];
        requestBytes = 0;
        start = index;
      }
      requestBytes += sizeBytes;
    });
    request.push({ ...target, records: start === 0 ? records : records.slice(start) });
  }
  if (request.length > 0) requests.push(request);
  return requests;
}
