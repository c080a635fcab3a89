import { headerNames, headerText, type OutgoingRecord } from '@astrolabe/records';

/** What a broker with its default `message.max.bytes` accepts, less room for key and headers. */
export const MAX_DEAD_LETTER_VALUE_BYTES = 900_000;

/**
 * The dead letter with at most that many bytes of its value. `dlq.cut.bytes` says how many are left out, so that it is
 * not redriven unedited.
 */
export function cutDeadLetter(record: OutgoingRecord, maxValueBytes: number): OutgoingRecord {
  const { value, headers } = record;
  if (value === null || value.length <= maxValueBytes) return record;
  const cutBefore = Number(headerText(record, headerNames.deadLetterCutBytes) ?? 0);
  const cutBytes = cutBefore + value.length - maxValueBytes;
  return {
    ...record,
    value: value.subarray(0, maxValueBytes),
    headers: { ...headers, [headerNames.deadLetterCutBytes]: Buffer.from(String(cutBytes)) },
  };
}
