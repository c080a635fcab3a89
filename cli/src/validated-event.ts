/** An event's text → what goes onto the event topic, judged and completed as ingest does. Pure. */
import {
  partitionKey,
  buildEventText,
  eventTimes,
  findJsonFault,
  judgeEvent,
  maxDeliveredEventBytes,
  measureValue,
  skipWhitespace,
} from '@astrolabe/segment';
import type { ErrorCode } from '@astrolabe/service-kit';

export interface EventSource {
  readonly connectorId: string;
  /** For an event that has none of its own. */
  readonly newMessageId: () => string;
  /** Where the event tells no time of its own. Epoch milliseconds. */
  readonly receivedAtMs: number;
}

export interface JudgedEvent {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly messageId: string;
}

export type ValidatedEvent =
  | ({ readonly kind: 'accepted' } & JudgedEvent)
  | ({ readonly kind: 'rejected'; readonly code: ErrorCode; readonly reason: string } & JudgedEvent);

/** As large as what Segment delivers, which its archives hold too. */
const rules = {
  impliedType: undefined,
  maxEventBytes: maxDeliveredEventBytes,
  maxEvents: Number.MAX_SAFE_INTEGER,
  // Who writes to the topic is an operator.
  isTrusted: true,
};

export function validateEvent(text: string, { connectorId, newMessageId, receivedAtMs }: EventSource): ValidatedEvent {
  const bytes = Buffer.from(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const fault = findJsonFault(text);
    const where = fault === undefined ? '' : `: ${fault.reason}, at line ${fault.line} column ${fault.column}`;
    const reason = `not valid JSON${where}`;
    return { kind: 'rejected', code: 'event.invalid-json', reason, key: null, value: bytes, messageId: newMessageId() };
  }
  const submitted = { value, span: measureValue(bytes, skipWhitespace(bytes, 0)) };
  const verdict = judgeEvent(bytes, submitted, 0, rules);
  const messageId = verdict.messageId ?? newMessageId();
  const receivedAt = new Date(receivedAtMs).toISOString();
  const origin = { receivedAtMs, receivedAt, envelope: undefined, clientIp: undefined };
  const key = partitionKey(connectorId, verdict.identity);
  const judged: JudgedEvent = {
    key: key === undefined ? null : Buffer.from(key),
    value: buildEventText(bytes, submitted, verdict, { messageId, times: eventTimes(verdict.fields, origin) }, origin),
    messageId,
  };
  if (verdict.kind === 'accepted') return { kind: 'accepted', ...judged };
  return { kind: 'rejected', code: verdict.code, reason: verdict.reason, ...judged };
}
