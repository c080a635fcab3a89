/** A record of the event topic → an event and its facts, or why it is none. Total. */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/kafka';
import {
  decodeUtf8,
  findJsonFault,
  parseEvent,
  parseRawJson,
  parseTimestamp,
  type SegmentEvent,
} from '@astrolabe/segment';
import type { EventFacts } from './mapping.ts';

/** ECMAScript's last date. A record may carry any 64 bits as its time, -1 for none among them. */
const LAST_TIME_MS = 8_640_000_000_000_000;

export type ReadEvent =
  | { readonly kind: 'event'; readonly event: SegmentEvent; readonly facts: EventFacts }
  | {
      readonly kind: 'unreadable';
      readonly code: 'event.invalid-json' | 'event.invalid' | 'event.unknown-type';
      readonly message: string;
    };

export function readEvent(record: ConsumedRecord): ReadEvent {
  if (record.value === null) return invalid('the record has no value');
  // Decoding would replace what is no text, and the event would go on with other ids and values than were sent.
  const decoded = decodeUtf8(record.value);
  if (decoded.kind === 'not-utf8') {
    return { kind: 'unreadable', code: 'event.invalid-json', message: `the value ${decoded.reason}` };
  }
  const { text } = decoded;
  const json = parseRawJson(text);
  if (json.kind === 'malformed') {
    return {
      kind: 'unreadable',
      code: 'event.invalid-json',
      message: `the value is no JSON: ${explainMalformed(text)}`,
    };
  }
  const connectorId = headerText(record, headerNames.connectorId);
  if (connectorId === undefined) return invalid(`the record has no ${headerNames.connectorId} header`);
  const parsed = parseEvent(json.value);
  if (parsed.kind === 'invalid') {
    const [first] = parsed.defects;
    return {
      kind: 'unreadable',
      code: first?.code ?? 'event.invalid',
      message: parsed.defects.map(({ message }) => message).join('; '),
    };
  }
  const messageId = parsed.event.messageId ?? headerText(record, headerNames.messageId);
  if (messageId === undefined) return invalid('the event has no messageId');
  const receivedAtMs = parseTimestamp(headerText(record, headerNames.receivedAt)) ?? record.timestampMs;
  if (receivedAtMs < 0 || receivedAtMs > LAST_TIME_MS) return invalid('the record does not say when it was received');
  return { kind: 'event', event: parsed.event, facts: { connectorId, messageId, receivedAtMs } };
}

function invalid(message: string): ReadEvent {
  return { kind: 'unreadable', code: 'event.invalid', message };
}

/** Without the sender's data, which V8's own message quotes. */
function explainMalformed(text: string): string {
  const fault = findJsonFault(text);
  return fault === undefined
    ? 'it is nested too deep to be read'
    : `${fault.reason}, at line ${fault.line} column ${fault.column}`;
}
