import type { ConsumedRecord } from '@astrolabe/records';
import type { Batch } from './index.ts';
import { createErrorFromCode } from './protocol/fetch-partition.ts';
import type { FetchedMessage } from './protocol/fetch-decoding.ts';

const UNSUPPORTED_VERSION = 35;

/** What kafkajs's own types leave out. */
interface FetchedBatch {
  readonly fetchedOffset: string;
  readonly messages: readonly (FetchedMessage | { readonly records?: undefined })[];
}

/**
 * The records of a batch of kafkajs's consumer, from the offset that was asked for. Throws where an old broker made
 * kafkajs decode them itself.
 */
export function recordsOf(batch: Batch): ConsumedRecord[] {
  const { fetchedOffset, messages } = batch as unknown as FetchedBatch;
  const fromOffset = BigInt(fetchedOffset);
  const read: ConsumedRecord[] = [];
  for (const { records } of messages) {
    if (records === undefined) throw createErrorFromCode(UNSUPPORTED_VERSION);
    for (const record of records) if (record.offset >= fromOffset) read.push(record);
  }
  return read;
}
