/**
 * What has been decided of dead letters: `astrolabe.redrives.v1`. A mark there is in one transaction with the records that went back, so a
 * dead letter is marked as redriven exactly if it was sent. A dismissal is a mark alone. See
 * docs/adr/0010-a-redrive-and-its-mark-are-one-transaction.md.
 */
import { isRecreated, type OutgoingRecord } from '@astrolabe/records';
import type { Cluster } from '../cluster.ts';
import { readSpans, spansOf } from '../cluster.ts';
import { formatOffsets, parseOffsetRanges } from '../core/offset-ranges.ts';
import { positionOf, type DeadLetter } from './dead-letter.ts';

export type MarkKind = 'redriven' | 'dismissed';

export interface LetterMark {
  /** Absent on marks of before dismissals existed: those are redrives. */
  readonly kind?: MarkKind;
  /** Of the run that made it. */
  readonly redriveId: string;
  readonly at: string;
  /** Of a dismissal, where the operator gave one. */
  readonly reason?: string;
  readonly topic: string;
  readonly partition: number;
  /** Ranges, both ends included: `3-7,9`. */
  readonly offsets: string;
  /** Of `topic`. Absent where the brokers gave none, and in marks of a version before ids. */
  readonly topicId?: string;
}

type Position = Pick<DeadLetter['record'], 'topic' | 'partition' | 'offset'>;

export type LetterState = 'waiting' | MarkKind;

export interface RedriveLog {
  /** Of the topics of dead letters, by name, for new marks. */
  readonly topicIds: ReadonlyMap<string, string>;
  stateOf(position: Position): LetterState;
  /** The mark of a dead letter; undefined for one that waits. */
  find(position: Position): LetterMark | undefined;
}

export async function readRedriveLog(cluster: Cluster, signal: AbortSignal, nowMs: number): Promise<RedriveLog> {
  const marks = new Map<string, LetterMark>();
  const topicIds = await readTopicIds(cluster);
  const spans = await spansOf(cluster, cluster.topics.redrives.name, {}, nowMs);
  await readSpans(cluster, spans, signal, (records) => {
    for (const { value } of records) {
      const mark = JSON.parse(value?.toString('utf8') ?? '') as LetterMark;
      const { topic, partition, topicId } = mark;
      // Of dead letters that are gone with their topic: those at the same offsets of the new one still wait.
      if (topicId !== undefined && isRecreated(topicId, topicIds.get(topic))) continue;
      for (const offset of offsetsOf(mark)) marks.set(positionOf({ topic, partition, offset }), mark);
    }
  });
  const find = (position: Position): LetterMark | undefined => marks.get(positionOf(position));
  return {
    topicIds,
    find,
    stateOf: (position) => {
      const mark = find(position);
      return mark === undefined ? 'waiting' : (mark.kind ?? 'redriven');
    },
  };
}

/** Ids of the two topics of dead letters, by name; without those that the brokers do not give. */
async function readTopicIds({ inspector, topics }: Cluster): Promise<ReadonlyMap<string, string>> {
  const found = await inspector.describe([topics.segmentEventsDeadLetters.name, topics.commandsDeadLetters.name]);
  return new Map(found.flatMap(({ name, topicId }) => (topicId === undefined ? [] : [[name, topicId] as const])));
}

export interface MarkOrigin {
  readonly kind: MarkKind;
  readonly redriveId: string;
  readonly reason?: string | undefined;
}

/** One record for each partition of the dead letters. */
export function buildMarks(
  letters: readonly DeadLetter[],
  { kind, redriveId, reason }: MarkOrigin,
  nowMs: number,
  topicIds: ReadonlyMap<string, string>,
): (OutgoingRecord & { readonly partition: number })[] {
  const byPartition = Map.groupBy(letters, ({ record }) => `${record.topic}:${record.partition}`);
  return [...byPartition].flatMap(([key, group]) => {
    const [first] = group;
    if (first === undefined) return [];
    const topicId = topicIds.get(first.record.topic);
    const mark: LetterMark = {
      kind,
      redriveId,
      at: new Date(nowMs).toISOString(),
      ...(reason === undefined ? {} : { reason }),
      topic: first.record.topic,
      partition: first.record.partition,
      offsets: formatOffsets(group.map(({ record }) => record.offset)),
      ...(topicId === undefined ? {} : { topicId }),
    };
    return [{ key: Buffer.from(key), value: Buffer.from(JSON.stringify(mark)), headers: {}, partition: 0 }];
  });
}

function* offsetsOf({ partition, offsets }: LetterMark): Generator<bigint> {
  const parsed = parseOffsetRanges(
    offsets
      .split(',')
      .map((run) => `${partition}:${run}`)
      .join(','),
  );
  if (parsed.kind === 'invalid') throw new Error(`a mark of a redrive cannot be read: ${parsed.reason}`);
  for (const { firstOffset, lastOffset = firstOffset } of parsed.ranges) {
    for (let offset = firstOffset; offset <= lastOffset; offset += 1n) yield offset;
  }
}
