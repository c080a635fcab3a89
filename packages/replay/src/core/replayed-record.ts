/** A record as a replay gives it to the mapper or the dispatcher: with the replay's marks, in memory only. Pure. */
import { headerNames, headerText, markedRecord, type ConsumedRecord } from '@astrolabe/records';
import type { ReplayOrder } from './replay-order.ts';

/**
 * The record with the marks of this replay in place of those of another. Commands that are made of it carry them on, so
 * the ledger, the API and a dead letter know the replay.
 */
export function replayedRecord(
  record: ConsumedRecord,
  { id, request }: Pick<ReplayOrder, 'id' | 'request'>,
): ConsumedRecord {
  return markedRecord(record, {
    [headerNames.replayId]: id,
    [headerNames.replayFrom]: `${record.topic}:${record.partition}:${record.offset}`,
    [headerNames.replayForce]: request.force === true ? '1' : undefined,
  });
}

/**
 * The record is read by a replay, or is a copy that a replay of an earlier version appended to its topic. A command of
 * a replayed event is not one: it names the topic of the event.
 */
export function isReplayedCopy(record: Pick<ConsumedRecord, 'topic' | 'headers' | 'encoded'>): boolean {
  return headerText(record, headerNames.replayFrom)?.startsWith(`${record.topic}:`) === true;
}
