/** An event's text → what goes onto the event topic, validated and completed as by ingest. Pure. */
import {
  partitionKey,
  buildEventText,
  eventTimes,
  findJsonFault,
  judgeEvent,
  maxDeliveredEventBytes,
  measureValue,
  parseTimestamp,
  skipWhitespace,
  type EventFields,
  type EventType,
} from '@astrolabe/segment';
import type { ErrorCode } from '@astrolabe/service-kit/errors';

export interface EventSource {
  readonly connectorId: string;
  /** For an event that has none of its own. */
  readonly newMessageId: () => string;
  /** When ingest took the event, where that is known: its sender's clock is judged by it. Epoch milliseconds. */
  readonly receivedAtMs: number | undefined;
  /** The time of an event that has none at all. Epoch milliseconds. */
  readonly fallbackMs: number;
  /** Whether it was sent with the API key, or by an operator: `delete` and `unsuppress` need that. */
  readonly isTrusted: boolean;
  /** Of the event's own text. Default: what Segment delivers, which its archives hold too. */
  readonly maxEventBytes?: number;
}

export interface JudgedEvent {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly messageId: string;
  /** Undefined where it is unknown. */
  readonly type: EventType | undefined;
  readonly userId: string | undefined;
}

export type ValidatedEvent =
  | ({ readonly kind: 'accepted' } & JudgedEvent)
  | ({ readonly kind: 'rejected'; readonly code: ErrorCode; readonly reason: string } & JudgedEvent);

export function validateEvent(text: string, source: EventSource): ValidatedEvent {
  const { connectorId, newMessageId, isTrusted, maxEventBytes = maxDeliveredEventBytes } = source;
  const bytes = Buffer.from(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const fault = findJsonFault(text);
    const where = fault === undefined ? '' : `: ${fault.reason}, at line ${fault.line} column ${fault.column}`;
    const unknown = { key: null, value: bytes, messageId: newMessageId(), type: undefined, userId: undefined };
    return { kind: 'rejected', code: 'event.invalid-json', reason: `not valid JSON${where}`, ...unknown };
  }
  const submitted = { value, span: measureValue(bytes, skipWhitespace(bytes, 0)) };
  const rules = { impliedType: undefined, maxEventBytes, maxEvents: Number.MAX_SAFE_INTEGER, isTrusted };
  const verdict = judgeEvent(bytes, submitted, 0, rules);
  const messageId = verdict.messageId ?? newMessageId();
  const receivedAtMs = source.receivedAtMs ?? assumedReceiptMs(verdict.fields) ?? source.fallbackMs;
  const receivedAt = new Date(receivedAtMs).toISOString();
  const origin = { receivedAtMs, receivedAt, envelope: undefined, clientIp: undefined };
  const key = partitionKey(connectorId, verdict.identity);
  const judged: JudgedEvent = {
    key: key === undefined ? null : Buffer.from(key),
    value: buildEventText(bytes, submitted, verdict, { messageId, times: eventTimes(verdict.fields, origin) }, origin),
    messageId,
    type: verdict.type,
    userId: verdict.identity.userId,
  };
  if (verdict.kind === 'accepted') return { kind: 'accepted', ...judged };
  return { kind: 'rejected', code: verdict.code, reason: verdict.reason, ...judged };
}

/**
 * The time of receipt of an event whose own is not known: when it says that it was sent, or happened. Without its time
 * of receipt a sender's clock cannot be judged. Taken for right, it leaves the event's time as it was sent; judged by
 * the time of a file or of a run, it would move an old event to the present, where it would overwrite what is newer.
 */
function assumedReceiptMs({ timestamp, originalTimestamp, sentAt }: EventFields): number | undefined {
  const timestampMs = parseTimestamp(timestamp);
  const originalMs = parseTimestamp(originalTimestamp);
  // Where both are there, Segment has corrected `timestamp` to its own clock already.
  const isCorrected = timestampMs !== undefined && originalMs !== undefined;
  const atMs = isCorrected ? timestampMs : (parseTimestamp(sentAt) ?? originalMs ?? timestampMs);
  return atMs !== undefined && atMs >= 0 && atMs < YEAR_10000_MS ? atMs : undefined;
}

/** ISO 8601 writes later years otherwise, and few readers know how. */
const YEAR_10000_MS = 253_402_300_800_000;
