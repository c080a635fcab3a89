/**
 * Marks of what has been decided about dead letters: records of `astrolabe.redrives.v1`. A mark is in one transaction
 * with the records that went back, so a dead letter is marked as redriven exactly if it was sent. A dismissal is a mark
 * alone. See docs/adr/0010-a-redrive-and-its-mark-are-one-transaction.md. Pure.
 */
import type { OutgoingRecord } from '@astrolabe/records';
import { formatOffsets, parseOffsetRanges } from '../../core/offset-ranges.ts';
import type { DeadLetter } from './dead-letter.ts';

export type DecisionKind = 'redriven' | 'dismissed';

export type DecisionState = 'waiting' | DecisionKind;

export interface DecisionMark {
  /** Absent on marks that are older than dismissals: those are redrives. */
  readonly kind?: DecisionKind;
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

export interface MarkOrigin {
  readonly kind: DecisionKind;
  readonly redriveId: string;
  readonly reason?: string | undefined;
}

/** One record for each partition of the dead letters. `topicIds`: by name of the topic. */
export function buildMarks(
  deadLetters: readonly DeadLetter[],
  { kind, redriveId, reason }: MarkOrigin,
  nowMs: number,
  topicIds: ReadonlyMap<string, string>,
): (OutgoingRecord & { readonly partition: number })[] {
  const byPartition = Map.groupBy(deadLetters, ({ record }) => `${record.topic}:${record.partition}`);
  return [...byPartition].flatMap(([key, group]) => {
    const [first] = group;
    if (first === undefined) return [];
    const { topic, partition } = first.record;
    const topicId = topicIds.get(topic);
    const mark: DecisionMark = {
      kind,
      redriveId,
      at: new Date(nowMs).toISOString(),
      ...(reason === undefined ? {} : { reason }),
      topic,
      partition,
      offsets: formatOffsets(group.map(({ record }) => record.offset)),
      ...(topicId === undefined ? {} : { topicId }),
    };
    return [{ key: Buffer.from(key), value: Buffer.from(JSON.stringify(mark)), headers: {}, partition: 0 }];
  });
}

/** Throws on what `buildMarks` did not make. */
export function parseMark(value: Buffer | null): DecisionMark {
  return JSON.parse(value?.toString('utf8') ?? '') as DecisionMark;
}

export function* offsetsOf({ partition, offsets }: DecisionMark): Generator<bigint> {
  const ranges = offsets.split(',').map((range) => `${partition}:${range}`);
  const parsed = parseOffsetRanges(ranges.join(','));
  if (parsed.kind === 'invalid') throw new Error(`the mark of a redrive cannot be read: ${parsed.reason}`);
  for (const { firstOffset, lastOffset = firstOffset } of parsed.ranges) {
    for (let offset = firstOffset; offset <= lastOffset; offset += 1n) yield offset;
  }
}
