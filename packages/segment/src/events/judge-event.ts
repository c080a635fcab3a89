/**
 * The verdict on one event: accepted, with what its text lacks, or rejected with a code and a reason. Any JSON value
 * gets exactly one of the two. Every writer to the event topic uses it, so that all have the same rules.
 */
import {
  noEventFields,
  readEventFields,
  sentFieldName,
  type EventFieldName,
  type EventFields,
} from './event-fields.ts';
import { isUnsupportedByDestination, type EventType } from './event.ts';
import { findMember, type MeasuredSpan } from '../json/json-text.ts';
import { isJsonObject, parseRawJson, type JsonObject, type JsonValue } from '@astrolabe/json';
import { maxEventDepth, maxEventMembers } from './limits.ts';
import { parseEvent, parseEventFields, type EventDefectCode } from './parse-event.ts';
import type { EventIdentity } from './partition-key.ts';

/** One event as it was sent: its value, and the place of its text in the bytes around it. */
export interface SubmittedEvent {
  readonly value: unknown;
  readonly span: MeasuredSpan;
}

/** Codes of the error catalogue, so that answer and dead letter have the same. */
export type EventRejectionCode = EventDefectCode | 'event.too-large' | 'event.unauthenticated';

export interface AcceptanceRules {
  /** Type that the endpoint's path implies. */
  readonly impliedType: EventType | undefined;
  /** Of the event's own text. */
  readonly maxEventBytes: number;
  /** Of one request. */
  readonly maxEvents: number;
  /** Whether the sender proved more than a write key, which anybody can read in a web page. */
  readonly isTrusted: boolean;
}

export interface AcceptedEvent {
  readonly kind: 'accepted';
  readonly type: EventType;
  /** Still stored; the destination skips it. */
  readonly isUnsupported: boolean;
  /** Undefined if the sender gave none. */
  readonly messageId: string | undefined;
  readonly identity: EventIdentity;
  /** The event's fields by their spec names. */
  readonly fields: EventFields;
}

export interface RejectedVerdict {
  readonly kind: 'rejected';
  readonly code: EventRejectionCode;
  readonly reason: string;
  /** What is known of the event despite the rejection. */
  readonly type: EventType | undefined;
  readonly messageId: string | undefined;
  readonly identity: EventIdentity;
  /** Empty if the event is not an object. */
  readonly fields: EventFields;
}

export type Verdict = AcceptedEvent | RejectedVerdict;

/** Deletion for privacy and lifting it: otherwise anybody with a browser could have any user deleted. */
const needsTrust: ReadonlySet<string> = new Set(['delete', 'unsuppress']);

/** `index` is the event's place in its batch; the span refers to `bytes`. Pure, and never throws. */
export function judgeEvent(bytes: Buffer, submitted: SubmittedEvent, index: number, rules: AcceptanceRules): Verdict {
  const { value } = submitted;
  const limit = findBreachedLimit(submitted, index, rules);
  const fields = isJsonObject(value) ? readExactFields(bytes, submitted, value, limit !== undefined) : noEventFields;
  const parsed = isJsonObject(value) ? parseEventFields(fields, rules.impliedType) : parseEvent(value);
  if (parsed.kind === 'invalid') {
    const { messageId, type, ...identity } = parsed.known;
    const { code, reason } = limit ?? {
      code: parsed.defects[0]?.code ?? 'event.invalid',
      reason: parsed.defects.map(({ message }) => message).join('; '),
    };
    return { kind: 'rejected', code, reason, type, messageId, identity, fields };
  }
  const { event } = parsed;
  const { messageId, type } = event;
  if (limit !== undefined) return { kind: 'rejected', ...limit, type, messageId, identity: event, fields };
  if (needsTrust.has(type) && !rules.isTrusted) {
    const reason = `${type} needs the connector's API key: a write key, which anybody can read in a web page, neither deletes a user nor undoes it`;
    return { kind: 'rejected', code: 'event.unauthenticated', reason, type, messageId, identity: event, fields };
  }
  const isUnsupported = isUnsupportedByDestination(type);
  return { kind: 'accepted', type, isUnsupported, messageId, identity: event, fields };
}

function findBreachedLimit(
  { span }: SubmittedEvent,
  index: number,
  { maxEventBytes, maxEvents }: AcceptanceRules,
): { readonly code: EventRejectionCode; readonly reason: string } | undefined {
  const sizeBytes = span.end - span.start;
  if (sizeBytes > maxEventBytes) {
    return {
      code: 'event.too-large',
      reason: `the event has ${sizeBytes} bytes; at most ${maxEventBytes} are allowed`,
    };
  }
  if (span.depth > maxEventDepth) {
    return {
      code: 'event.too-large',
      reason: `the event nests ${span.depth} levels; at most ${maxEventDepth} are allowed`,
    };
  }
  if (span.members > maxEventMembers) {
    const reason = `the event has ${span.members} properties; at most ${maxEventMembers} are allowed`;
    return { code: 'event.too-large', reason };
  }
  if (index >= maxEvents) {
    return { code: 'event.too-large', reason: `the event comes after the first ${maxEvents} of its batch` };
  }
  return undefined;
}

/** Fields that become keys or tell events apart, so that each digit counts. */
const idNames = [
  'userId',
  'anonymousId',
  'groupId',
  'previousId',
  'messageId',
] as const satisfies readonly EventFieldName[];

/**
 * JSON.parse rounds integers beyond 2^53, and a rounded user id is another user's. So the text of such an id is read
 * again with exact integers, and that of nothing else: in an event of many numbers it would take milliseconds. An event
 * refused for its size is stored without those ids.
 */
function readExactFields(
  bytes: Buffer,
  { span }: SubmittedEvent,
  value: JsonObject,
  exceedsLimit: boolean,
): EventFields {
  const fields = readEventFields(value);
  const rounded = idNames.filter((name) => isUnsafeNumber(fields[name]));
  if (rounded.length === 0) return fields;
  const exact: Record<EventFieldName, JsonValue | undefined> = { ...fields };
  for (const field of rounded) {
    if (exceedsLimit) {
      // These two are not part of the record's key.
      if (field !== 'previousId' && field !== 'messageId') exact[field] = undefined;
      continue;
    }
    const sentName = sentFieldName(value, field);
    const member = sentName === undefined ? undefined : findMember(bytes, span.start, sentName);
    if (member === undefined) continue;
    const raw = parseRawJson(bytes.toString('utf8', member.start, member.end));
    if (raw.kind === 'json') exact[field] = raw.value;
  }
  return exact;
}

function isUnsafeNumber(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && !Number.isSafeInteger(value);
}
