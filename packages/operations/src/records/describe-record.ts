/** What a record of one of the pipeline's topics says. */
import { isUtf8 } from 'node:buffer';
import { deliveryIdOf } from '@astrolabe/ledger';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { parseJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import { messageIdOf } from '../core/record-ids.ts';

export type RecordRole = 'event' | 'command' | 'dead letter';

/** What is read of a record. Undefined where it does not say. */
export interface DescribedRecord {
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
  /** Of an event its type, of a command its kind. */
  readonly type: string | undefined;
  /** Name of a tracked event. */
  readonly event: string | undefined;
  readonly userId: string | undefined;
  readonly accountId: string | undefined;
  /** Of a dead letter. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly value: JsonValue | undefined;
}

export async function describeRecord(
  role: RecordRole,
  record: ConsumedRecord,
  decoder: CommandDecoder | undefined,
): Promise<DescribedRecord> {
  const value = await readValue(record, decoder);
  const fields = isObject(value) ? value : {};
  const text = (name: string): string | undefined => {
    const field = fields[name];
    return typeof field === 'string' || typeof field === 'number' || typeof field === 'bigint'
      ? String(field)
      : undefined;
  };
  const key = readKey(record.key);
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
    type: text('type') ?? text('kind'),
    event: text('event'),
    userId: text('userId') ?? (key?.kind === 'user' ? key.id : undefined),
    accountId: text('accountId') ?? text('groupId') ?? (key?.kind === 'account' ? key.id : undefined),
    code: headerText(record, headerNames.deadLetterCode),
    message: headerText(record, headerNames.deadLetterMessage),
    value,
  };
}

async function readValue(
  { value }: ConsumedRecord,
  decoder: CommandDecoder | undefined,
): Promise<JsonValue | undefined> {
  if (value === null) return undefined;
  // Confluent's framing begins with a zero byte, and JSON never does.
  if (value[0] === 0) {
    const decoded = await decoder?.decode(value);
    if (decoded?.kind !== 'command') return undefined;
    return { kind: decoded.command.kind, ...(decoded.command.record as unknown as JsonObject) };
  }
  if (!isUtf8(value)) return undefined;
  try {
    return parseJson(value.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** `[connector, kind, id]`. */
function readKey(key: Buffer | null): { readonly kind: string; readonly id: string } | undefined {
  try {
    const parts: unknown = JSON.parse(key?.toString('utf8') ?? '');
    if (!Array.isArray(parts) || typeof parts[1] !== 'string' || typeof parts[2] !== 'string') return undefined;
    return { kind: parts[1], id: parts[2] };
  } catch {
    return undefined;
  }
}

/** `undefined` in a part of the filter: any record matches. */
export interface RecordFilter {
  readonly connector?: string;
  readonly user?: string;
  readonly account?: string;
  /** Senders write `Track` and `track`; both match. */
  readonly type?: string;
  readonly event?: string;
}

export function matchesRecordFilter(
  record: DescribedRecord,
  { connector, user, account, type, event }: RecordFilter,
): boolean {
  return (
    (connector === undefined || record.connectorId === connector) &&
    (user === undefined || record.userId === user) &&
    (account === undefined || record.accountId === account) &&
    (type === undefined || record.type?.toLowerCase() === type.toLowerCase()) &&
    (event === undefined || record.event === event)
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
