/** Reads a record of the event topic: an event and its facts, or why the record is not an event. Total. */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import {
  decodeUtf8,
  earliestOccurrenceMs,
  findJsonFault,
  maxFutureMs,
  parseEvent,
  parseRawJson,
  parseTimestamp,
  type SegmentEvent,
} from '@astrolabe/segment';
import type { EventFacts } from './mapping.ts';
import type { Receipt } from './suppression.ts';

/**
 * Times of receipt are never later: a larger number counts microseconds. A record may carry any 64 bits as its time,
 * also
 * -1 for none, and 0 if a client never set it.
 */
const LAST_TIME_MS = Date.UTC(2100, 0, 1);
/** Segment tries to deliver an event for four hours. An event received longer before that comes from an archive. */
const ARCHIVED_AFTER_MS = 86_400_000;

export type ReadEvent =
  | { readonly kind: 'event'; readonly event: SegmentEvent; readonly facts: EventFacts }
  | {
      readonly kind: 'unreadable';
      readonly code: 'event.invalid-json' | 'event.invalid' | 'event.unknown-type';
      readonly message: string;
    };

/** `nowMs` is the mapper's own clock, epoch milliseconds. It only checks the time that a broker stores for a record. */
export function readEvent(record: ConsumedRecord, nowMs: number): ReadEvent {
  const { value } = record;
  if (value === null) return invalid('the record has no value');
  // Decoding would replace invalid bytes, and the event would continue with other ids and values than were sent.
  const decoded = decodeUtf8(value);
  if (decoded.kind === 'not-utf8') {
    return { kind: 'unreadable', code: 'event.invalid-json', message: `the value ${decoded.reason}` };
  }
  const { text } = decoded;
  const json = parseRawJson(text);
  if (json.kind === 'malformed') {
    return {
      kind: 'unreadable',
      code: 'event.invalid-json',
      message: `the value is not JSON: ${explainMalformed(text)}`,
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
  const { event } = parsed;
  const ownMs = parseReceipt(event.receivedAt);
  const receivedAtMs = receivedAtOf(record, event, ownMs, nowMs);
  if (receivedAtMs === undefined) return invalid('neither the record nor the event says when it was received');
  const receipt = receiptOf(record, receivedAtMs, ownMs);
  const writtenAtMs = isReceipt(record.timestampMs) ? record.timestampMs : receivedAtMs;
  return { kind: 'event', event, facts: { connectorId, messageId, receivedAtMs, receipt, writtenAtMs } };
}

/**
 * The time of receipt: from ingest's header, else the time of writing, else from the event. A time before 2000 or after
 * 2100 is ignored. So is a time of writing in the mapper's future: with it, every value of the event would count as
 * ancient or, worse, as the newest for years.
 */
function receivedAtOf(
  record: ConsumedRecord,
  { timestamp, originalTimestamp }: SegmentEvent,
  ownMs: number | undefined,
  nowMs: number,
): number | undefined {
  const headerMs = parseReceipt(headerText(record, headerNames.receivedAt));
  if (headerMs !== undefined) return headerMs;
  const { timestampMs } = record;
  if (isReceipt(timestampMs) && timestampMs <= nowMs + maxFutureMs) return timestampMs;
  return ownMs ?? parseReceipt(timestamp) ?? parseReceipt(originalTimestamp);
}

function receiptOf(record: ConsumedRecord, receivedAtMs: number, ownMs = receivedAtMs): Receipt {
  const isArchived = record.headers[headerNames.backfill] !== undefined || ownMs < receivedAtMs - ARCHIVED_AFTER_MS;
  if (isArchived) return { arrival: 'archived', atMs: Math.min(ownMs, receivedAtMs) };
  const isRepeated =
    record.headers[headerNames.replayId] !== undefined || record.headers[headerNames.redriveCount] !== undefined;
  return { arrival: isRepeated ? 'repeated' : 'live', atMs: receivedAtMs };
}

function parseReceipt(value: unknown): number | undefined {
  const ms = value === undefined ? undefined : parseTimestamp(value);
  return ms !== undefined && isReceipt(ms) ? ms : undefined;
}

function isReceipt(ms: number): boolean {
  return ms >= earliestOccurrenceMs && ms < LAST_TIME_MS;
}

function invalid(message: string): ReadEvent {
  return { kind: 'unreadable', code: 'event.invalid', message };
}

/** Leaves out the sender's data, which V8's own message quotes. */
function explainMalformed(text: string): string {
  const fault = findJsonFault(text);
  return fault === undefined
    ? 'it is nested too deep to be read'
    : `${fault.reason}, at line ${fault.line} column ${fault.column}`;
}
