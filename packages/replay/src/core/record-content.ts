/** What a record of an event or a command says of itself, as far as a filter asks. Pure but for the decoder. */
import { isUtf8 } from 'node:buffer';
import type { ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder, DecodedCommand } from '@astrolabe/records/serde';
import { parseJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';

/** Undefined where the record does not say. */
export interface RecordContent {
  /** Of an event its type, of a command its kind. */
  readonly type: string | undefined;
  /** Name of a tracked event. */
  readonly event: string | undefined;
  readonly userId: string | undefined;
  readonly accountId: string | undefined;
  readonly value: JsonValue | undefined;
}

/** Of an event: JSON. */
export function readEventContent(record: Pick<ConsumedRecord, 'key' | 'value'>): RecordContent {
  return contentOf(record.key, record.value === null ? undefined : readJson(record.value));
}

/** Of a command, where there is a decoder, and of an event. Without waiting where the decoder need not wait. */
export function readContent(
  record: Pick<ConsumedRecord, 'key' | 'value'>,
  decoder: CommandDecoder | undefined,
): RecordContent | Promise<RecordContent> {
  const { key, value } = record;
  // Confluent's framing begins with a zero byte, and JSON never does.
  if (value?.[0] !== 0) return readEventContent(record);
  const decoded = decoder?.decode(value);
  return decoded instanceof Promise
    ? decoded.then((command) => contentOfCommand(key, command))
    : contentOfCommand(key, decoded);
}

function contentOfCommand(key: Buffer | null, decoded: DecodedCommand | undefined): RecordContent {
  if (decoded?.kind !== 'command') return contentOf(key, undefined);
  const { kind, record } = decoded.command;
  return contentOf(key, { kind, ...(record as unknown as JsonObject) });
}

/** `undefined` in a part of the filter: any record matches. */
export interface ContentFilter {
  readonly user?: string | undefined;
  readonly account?: string | undefined;
  /** Senders write `Track` and `track`; both match. */
  readonly type?: string | undefined;
  readonly event?: string | undefined;
}

export function matchesContent(
  content: Pick<RecordContent, 'type' | 'event' | 'userId' | 'accountId'>,
  { user, account, type, event }: ContentFilter,
): boolean {
  return (
    (user === undefined || content.userId === user) &&
    (account === undefined || content.accountId === account) &&
    (type === undefined || content.type?.toLowerCase() === type.toLowerCase()) &&
    (event === undefined || content.event === event)
  );
}

function contentOf(keyBytes: Buffer | null, value: JsonValue | undefined): RecordContent {
  const fields = isObject(value) ? value : {};
  const text = (name: string): string | undefined => {
    const field = fields[name];
    return typeof field === 'string' || typeof field === 'number' || typeof field === 'bigint'
      ? String(field)
      : undefined;
  };
  const key = readKey(keyBytes);
  return {
    type: text('type') ?? text('kind'),
    event: text('event'),
    userId: text('userId') ?? (key?.kind === 'user' ? key.id : undefined),
    accountId: text('accountId') ?? text('groupId') ?? (key?.kind === 'account' ? key.id : undefined),
    value,
  };
}

function readJson(value: Buffer): JsonValue | undefined {
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

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
