/** The ids that a record carries. Pure. */
import { isUtf8 } from 'node:buffer';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import { parseEvent, parseRawJson } from '@astrolabe/segment';

/** Of a command, from its header. */
export function readCommandId(record: Pick<ConsumedRecord, 'headers'>): string | undefined {
  return headerText(record, headerNames.commandId);
}

/**
 * As the mapper reads it: `messageId` of the JSON, under any casing; the header's where that has none. A record of
 * another producer may have no header at all.
 */
export function messageIdOf(record: Pick<ConsumedRecord, 'headers' | 'value'>): string | undefined {
  return messageIdIn(record.value) ?? headerText(record, headerNames.messageId);
}

/** Undefined where the value is not a JSON object, or has no id. */
function messageIdIn(value: Buffer | null): string | undefined {
  // Avro of a command begins with a zero byte.
  if (value === null || value[0] === 0 || !isUtf8(value)) return undefined;
  const json = parseRawJson(value.toString('utf8'));
  if (json.kind !== 'json') return undefined;
  const parsed = parseEvent(json.value);
  return parsed.kind === 'event' ? parsed.event.messageId : parsed.known.messageId;
}

/**
 * Bytes that every record with the id contains, in a header or in JSON; undefined where JSON may write the id in more
 * than one way, so that each record has to be read.
 */
export function bytesOfId(id: string): Buffer | undefined {
  return /^[\w.:;,+*#@=()~ -]+$/.test(id) ? Buffer.from(id) : undefined;
}
