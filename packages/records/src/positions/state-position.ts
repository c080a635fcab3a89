/**
 * Where an input partition is read on. The position is a record of the changelog topic, stored in the same transaction
 * as the outputs; what the group has committed follows it a little later, for tools that show lag, and is how an
 * operator sets another position.
 */
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { PartitionOffsets } from '../ports/partition-reader.ts';
import type { OutgoingRecord } from '../record/record.ts';
import type { CommittedOffset, InputPartition } from '../ports/changelog-store.ts';
import { isRecreated, resetRemedy, topicRecreated, type TopicId } from '../topics/topic-identity.ts';

/**
 * Comes with every commit of ours. A committed offset without it was set by somebody else: an operator, or an older
 * version.
 */
export const COMMIT_MARK = 'astrolabe';

/** Of versions whose owners claim their partitions. The version before had transactional ids for each partition. */
const CLAIMS_LAYOUT = 2;

/** Keys of the state must not begin like this. */
const POSITION_KEYS = '["","position",';

/** Of the record that holds a group's position. */
export function positionKey(groupId: string): string {
  return `${POSITION_KEYS}${JSON.stringify(groupId)}]`;
}

export function isPositionKey(key: string): boolean {
  return key.startsWith(POSITION_KEYS);
}

export function positionRecord(
  groupId: string,
  nextOffset: bigint,
  { partition, topicId }: { readonly partition: number; readonly topicId: TopicId },
): OutgoingRecord {
  const value = JSON.stringify({ nextOffset: nextOffset.toString(), topicId, layout: CLAIMS_LAYOUT });
  return { key: Buffer.from(positionKey(groupId)), value: Buffer.from(value), headers: {}, partition };
}

export interface StoredPosition {
  readonly nextOffset: bigint;
  /** Of the input topic that the offset is of. Undefined where a version before this one has stored it. */
  readonly topicId: TopicId;
}

/** Undefined where the record was deleted. Throws on what `positionRecord` did not make. */
export function parsePosition(value: Buffer | null): StoredPosition | undefined {
  if (value === null) return undefined;
  const { nextOffset, topicId } = JSON.parse(value.toString()) as { nextOffset?: unknown; topicId?: unknown };
  if (typeof nextOffset !== 'string') throw new Error('a position without nextOffset');
  if (topicId !== undefined && typeof topicId !== 'string')
    throw new Error('a position with a topicId that is not text');
  return { nextOffset: BigInt(nextOffset), topicId };
}

/** Whether the version that stored the position fenced by transactional ids of the partition's own. */
export function isFromBeforeClaims(value: Buffer): boolean {
  return (JSON.parse(value.toString()) as { layout?: unknown }).layout !== CLAIMS_LAYOUT;
}

export interface StartPositionInput {
  readonly groupId: string;
  readonly input: InputPartition;
  /** Of the input topic, now. */
  readonly topicId: TopicId;
  /** In the changelog topic. */
  readonly stored: StoredPosition | undefined;
  readonly committed: CommittedOffset | undefined;
  readonly offsets: PartitionOffsets;
}

export type StartPosition =
  | { readonly kind: 'resume'; readonly offset: bigint }
  /** As `resume`, of a position that has no topic id yet: it must be stored with one before the first record. */
  | { readonly kind: 'label'; readonly offset: bigint }
  /** A new group: whatever is there. */
  | { readonly kind: 'beginning'; readonly offset: bigint }
  /**
   * An operator's choice. It must be stored, and committed with our mark, before the first record: or it would be
   * obeyed again.
   */
  | { readonly kind: 'reset'; readonly offset: bigint };

/**
 * Throws `kafka.topic-recreated` where the position is of another topic of that name, and `kafka.offset-out-of-range`
 * where going on would skip records, repeat records, or forget the state.
 */
export function startPosition(given: StartPositionInput): StartPosition {
  const { groupId, input, topicId, stored: found, committed, offsets } = given;
  const stored = found?.nextOffset;
  const { lowWatermark, highWatermark } = offsets;
  const checked = (offset: bigint, whose: string): bigint => {
    if (offset >= lowWatermark && offset <= highWatermark) return offset;
    const why = offset < lowWatermark ? 'retention has removed the records from there on' : 'the topic was recreated';
    throw outOfRange(input, `${whose} ${offset} is outside ${lowWatermark} to ${highWatermark}: ${why}`);
  };
  if (committed !== undefined && committed.metadata !== COMMIT_MARK) {
    return { kind: 'reset', offset: checked(committed.offset, 'the committed offset') };
  }
  if (found?.topicId !== undefined && topicId !== undefined && isRecreated(found.topicId, topicId)) {
    throw topicRecreated({
      topic: input.topic,
      storedId: found.topicId,
      currentId: topicId,
      whose: `position ${found.nextOffset} of group ${groupId} on partition ${input.partition}`,
      remedy: resetRemedy(groupId, input.topic),
    });
  }
  if (committed !== undefined && (stored === undefined || stored < committed.offset)) {
    const holds = stored === undefined ? 'no position' : `position ${stored}`;
    throw outOfRange(input, `its state has ${holds} but ${committed.offset} is committed: state was lost`);
  }
  if (stored !== undefined) {
    const isLabelled = found?.topicId !== undefined || topicId === undefined;
    return { kind: isLabelled ? 'resume' : 'label', offset: checked(stored, 'the position') };
  }
  return { kind: 'beginning', offset: lowWatermark };
}

function outOfRange({ topic, partition }: InputPartition, what: string): PipelineError {
  const remedy = "set the group's offset to say where to go on";
  return new PipelineError('kafka.offset-out-of-range', `${topic}[${partition}]: ${what}; ${remedy}`, {
    retryable: false,
    details: { topic, partition },
  });
}
