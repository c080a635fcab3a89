/**
 * Turns a request's body into its events, each with its own bytes, or into the reason for a refusal. It parses the body
 * once and scans it once, and serialises nothing.
 */
import {
  decodeUtf8,
  findJsonFault,
  isJsonObject,
  maxBatchItems,
  maxSharedBytes,
  measureValue,
  parseTimestamp,
  readElements,
  readMembers,
  skipWhitespace,
  walkMembers,
  type BatchEnvelope,
  type EnvelopeObject,
  type JsonObject,
  type MeasuredSpan,
  type SubmittedEvent,
} from '@astrolabe/segment';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import type { Endpoint } from './endpoints.ts';

export interface RequestContent {
  readonly kind: 'content';
  /** UTF-8 text of the request; the spans of the events are ranges of it. */
  readonly bytes: Buffer;
  readonly writeKey: string | undefined;
  readonly events: readonly SubmittedEvent[];
  /** The events came as a list, so the answer names each by its place in it. */
  readonly isList: boolean;
  readonly envelope: BatchEnvelope | undefined;
  /** Maximum bytes that fields beside the batch add to the events, all copies together. */
  readonly sharedBytes: number;
}

/** What must be known of a request before its events are judged. Plain data, which can come from another thread. */
export interface ContentSummary extends Pick<RequestContent, 'writeKey' | 'sharedBytes'> {
  readonly kind: 'summary';
  readonly bodyBytes: number;
  readonly eventCount: number;
}

export interface RefusedRequest {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
}

export function parseRequest(endpoint: Endpoint, body: Buffer): RequestContent | RefusedRequest {
  // Refuses the whole request, not only the event with these bytes: in encodings such as Shift JIS and GBK a quote or a
  // backslash may be half of a character, so the end of an event is unknown without the encoding.
  const decoded = decodeUtf8(body);
  if (decoded.kind === 'not-utf8') return refuse('event.invalid-json', `the body ${decoded.reason}`);
  const { bytes, text } = decoded;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('event.invalid-json', explainMalformed(text));
  }
  const start = skipWhitespace(bytes, 0);
  if (endpoint.kind === 'webhook' && Array.isArray(value)) return readArray(bytes, start, value);
  if (!isJsonObject(value)) return refuse('event.invalid', 'the body is JSON but no object; expected an object');
  if (endpoint.kind === 'batch') return readBatch(bytes, start, value);
  const span = measureValue(bytes, start);
  const events = [{ value, span }];
  return { kind: 'content', bytes, writeKey: readWriteKey(value), events, isList: false, ...WITHOUT_ENVELOPE };
}

export function summaryOf({ bytes, writeKey, events, sharedBytes }: RequestContent): ContentSummary {
  return { kind: 'summary', bodyBytes: bytes.length, writeKey, eventCount: events.length, sharedBytes };
}

function readBatch(bytes: Buffer, start: number, request: JsonObject): RequestContent | RefusedRequest {
  const { batch } = request;
  if (!Array.isArray(batch)) {
    const found = batch === undefined ? 'is missing' : 'is not an array';
    return refuse('event.invalid', `"batch" ${found}; expected {"batch": [event, ...]}`);
  }
  if (batch.length > maxBatchItems) return refuseLength(batch.length);
  let elements: MeasuredSpan[] = [];
  let sentAt: string | undefined;
  let context: EnvelopeObject | undefined;
  let integrations: EnvelopeObject | undefined;
  const sizes = { context: 0, integrations: 0, sentAt: 0 };
  walkMembers(bytes, start, (name, valueStart) => {
    // A repeated name counts with its last value, as in JSON.parse, so each occurrence replaces the earlier one.
    if (name === 'batch' && bytes[valueStart] === OPEN_BRACKET) {
      elements = [];
      return readElements(bytes, valueStart, elements);
    }
    const { end } = measureValue(bytes, valueStart);
    if (name === 'context' || name === 'integrations' || name === 'sentAt') sizes[name] = end - valueStart;
    if (name === 'context') context = readEnvelopeObject(bytes, valueStart, end, request.context);
    else if (name === 'integrations') integrations = readEnvelopeObject(bytes, valueStart, end, request.integrations);
    else if (name === 'sentAt') sentAt = bytes.toString('utf8', valueStart, end);
    return end;
  });
  const sharedBytes = elements.length * (sizes.context + sizes.integrations + sizes.sentAt);
  if (sharedBytes > maxSharedBytes) return refuseShared(sharedBytes);
  const { sentAt: sentAtValue } = request;
  if (sentAtValue === '' || (typeof sentAtValue !== 'string' && typeof sentAtValue !== 'number')) sentAt = undefined;
  const events = elements.map((span, index): SubmittedEvent => ({ value: batch[index], span }));
  const writeKey = readWriteKey(request) ?? readWriteKey(batch[0]);
  const isDirect = isJsonObject(request.context) && request.context.direct === true;
  const sentAtMs = sentAt === undefined ? undefined : parseTimestamp(sentAtValue);
  const envelope = { sentAt, sentAtMs, context, integrations, isDirect };
  return { kind: 'content', bytes, writeKey, events, isList: true, envelope, sharedBytes };
}

const WITHOUT_ENVELOPE = { envelope: undefined, sharedBytes: 0 } as const;

/** The batches of Segment's Actions webhook: the events and nothing around them. */
function readArray(bytes: Buffer, start: number, items: readonly unknown[]): RequestContent | RefusedRequest {
  if (items.length > maxBatchItems) return refuseLength(items.length);
  const elements: MeasuredSpan[] = [];
  readElements(bytes, start, elements);
  const events = elements.map((span, index): SubmittedEvent => ({ value: items[index], span }));
  return { kind: 'content', bytes, writeKey: undefined, events, isList: true, ...WITHOUT_ENVELOPE };
}

function refuseLength(items: number): RefusedRequest {
  const message = `the batch holds ${items} events; requests of more than ${maxBatchItems} are refused whole`;
  return refuse('event.too-large', message);
}

function refuseShared(sharedBytes: number): RefusedRequest {
  const what = 'context, integrations and sentAt beside the batch go to each of its events';
  const message = `${what}, ${sharedBytes} bytes in all; at most ${maxSharedBytes} are allowed, so split the batch`;
  return refuse('event.too-large', message);
}

/** Undefined for anything except an object with members: there is nothing to copy to an item. */
function readEnvelopeObject(bytes: Buffer, start: number, end: number, value: unknown): EnvelopeObject | undefined {
  if (!isJsonObject(value) || bytes[start] !== OPEN_BRACE) return undefined;
  const members = new Map<string, string>();
  for (const [name, member] of readMembers(bytes, start)) {
    members.set(name, bytes.toString('utf8', member.nameStart, member.end));
  }
  return members.size === 0 ? undefined : { text: bytes.toString('utf8', start, end), members };
}

/**
 * Browsers and mobile apps put it beside the batch or into the event; a batch of browser events has it in each event.
 */
function readWriteKey(value: unknown): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const { writeKey } = value;
  return typeof writeKey === 'string' && writeKey !== '' ? writeKey : undefined;
}

const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** In a larger body the first fault is not searched for: that is three times slower than parsing. */
const EXPLAINED_CHARACTERS = 65_536;

function explainMalformed(text: string): string {
  if (text.trim() === '') return 'the body is empty; expected a JSON object';
  const fault = findJsonFault(text.slice(0, EXPLAINED_CHARACTERS));
  if (fault !== undefined && fault.offset >= EXPLAINED_CHARACTERS) {
    return `the body is not valid JSON: the fault comes after its first ${EXPLAINED_CHARACTERS} characters`;
  }
  if (fault === undefined) return 'the body is not valid JSON';
  return `the body is not valid JSON: ${fault.reason}, at line ${fault.line} column ${fault.column} (character ${fault.offset})`;
}

function refuse(code: ErrorCode, message: string): RefusedRequest {
  return { kind: 'refused', code, message };
}
