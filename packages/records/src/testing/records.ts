import type { ConsumedRecord } from '../record/record.ts';

/** A record as read from partition 0 of topic `t`, with whatever a test cares about. */
export function consumedRecord(fields: Partial<ConsumedRecord> = {}): ConsumedRecord {
  return { topic: 't', partition: 0, offset: 0n, timestampMs: 0, key: null, value: null, headers: {}, ...fields };
}

/** Records with offsets from `first` on, one for each key. */
export function recordsOf(first: bigint, keys: readonly string[]): ConsumedRecord[] {
  return keys.map((key, index) => consumedRecord({ offset: first + BigInt(index), key: Buffer.from(key) }));
}
