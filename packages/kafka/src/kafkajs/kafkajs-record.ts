import type { ConsumedRecord } from '@astrolabe/records';
import type { Batch } from './index.ts';
import { createErrorFromCode } from './protocol/fetch-partition.ts';
import type { FetchedMessage } from './protocol/fetch-decoding.ts';

const UNSUPPORTED_VERSION = 35;

/** The records of a batch of kafkajs's consumer. Throws where an old broker made kafkajs decode them itself. */
export function recordsOf(batch: Batch): ConsumedRecord[] {
  return (batch.messages as unknown as FetchedMessage[]).map(({ record }) => {
    if (record === undefined) throw createErrorFromCode(UNSUPPORTED_VERSION);
    return record;
  });
}
