/** What a record of one of the pipeline's topics says. */
import { deliveryIdOf } from '@astrolabe/ledger';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { matchesContent, readContent, type ContentFilter, type RecordContent } from '@astrolabe/replay';
import { messageIdOf } from '../core/record-ids.ts';

export type RecordRole = 'event' | 'command' | 'dead letter';

/** What is read of a record. Undefined where it does not say. */
export interface DescribedRecord extends RecordContent {
  readonly role: RecordRole;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly connectorId: string | undefined;
  readonly messageId: string | undefined;
  readonly commandId: string | undefined;
  /** Where a replay forced the command: the id of its delivery in the ledger, which is not the command's own. */
  readonly forcedId: string | undefined;
  /** Of a dead letter. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  /** The value as it is stored. Of what is tailed, a view of fetched bytes: who keeps it makes a copy. */
  readonly stored: Buffer | null;
}

export async function describeRecord(
  role: RecordRole,
  record: ConsumedRecord,
  decoder: CommandDecoder | undefined,
): Promise<DescribedRecord> {
  const { type, event, userId, accountId, value } = await readContent(record, decoder);
  const commandId = headerText(record, headerNames.commandId);
  const deliveryId = commandId === undefined ? undefined : deliveryIdOf(record, commandId);
  return {
    role,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    connectorId: headerText(record, headerNames.connectorId),
    messageId: messageIdOf(record),
    commandId,
    forcedId: deliveryId === commandId ? undefined : deliveryId,
    type,
    event,
    userId,
    accountId,
    code: headerText(record, headerNames.deadLetterCode),
    message: headerText(record, headerNames.deadLetterMessage),
    value,
    stored: record.value,
  };
}

/** `undefined` in a part of the filter: any record matches. */
export interface RecordFilter extends ContentFilter {
  readonly connector?: string;
}

export function matchesRecordFilter(record: DescribedRecord, filter: RecordFilter): boolean {
  return (filter.connector === undefined || record.connectorId === filter.connector) && matchesContent(record, filter);
}
