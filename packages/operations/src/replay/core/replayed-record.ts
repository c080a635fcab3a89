/** The copy of a record that a replay sends. Pure. */
import { headerNames, headerText, partitionFor, type ConsumedRecord, type OutgoingRecord } from '@astrolabe/records';
import type { ReplayState } from './replay-state.ts';

/** The record as it was, with the marks of this replay in place of an earlier one's. `partitions`: of its topic. */
export function replayedRecord(
  { topic, partition, offset, key, value, headers }: ConsumedRecord,
  { id, request }: Pick<ReplayState, 'id' | 'request'>,
  partitions: number,
): OutgoingRecord & { readonly partition: number } {
  const { [headerNames.replayForce]: _earlier, ...others } = headers;
  return {
    key,
    value,
    headers: {
      ...others,
      [headerNames.replayId]: Buffer.from(id),
      [headerNames.replayFrom]: Buffer.from(`${topic}:${partition}:${offset}`),
      ...(request.force === true ? { [headerNames.replayForce]: Buffer.from('1') } : {}),
    },
    // Where new records of the key are sent now, so that the order of the key holds.
    partition: key === null ? partition : partitionFor(key, partitions),
  };
}

/**
 * A replay's copy of another record of the same topic. A command that the mapper made of a replayed event is not a
 * copy: it is there once.
 */
export function isReplayedCopy(record: ConsumedRecord): boolean {
  return headerText(record, headerNames.replayFrom)?.startsWith(`${record.topic}:`) === true;
}
