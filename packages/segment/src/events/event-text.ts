/**
 * The text of an event as stored on the event topic: the sender's own, with missing members spliced in. It is not
 * serialised again, so no number, escape or key order changes.
 */
import { sentFieldName, type EventFieldName, type EventFields } from './event-fields.ts';
import { findMember, spliceText, type JsonEdit, type JsonMember, type MeasuredSpan } from '../json/json-text.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '@astrolabe/json';
import type { SubmittedEvent, Verdict } from './judge-event.ts';
import { eventTimesOf, parseTimestamp, type EventTimes } from '../times/timestamps.ts';

/** What a batch gives to all its items. */
export interface BatchEnvelope {
  /** JSON text of the batch's `sentAt`. */
  readonly sentAt: string | undefined;
  /** The same, parsed; undefined if it cannot be read. */
  readonly sentAtMs: number | undefined;
  readonly context: EnvelopeObject | undefined;
  readonly integrations: EnvelopeObject | undefined;
  /** The batch's context says `direct: true`. */
  readonly isDirect: boolean;
}

/** An object of the envelope that each item gets: as a whole, or those of its members that the item lacks. */
export interface EnvelopeObject {
  readonly text: string;
  /** By name, the text `"name": value` as it was sent. */
  readonly members: ReadonlyMap<string, string>;
}

/** The origin of an event, as far as its text includes it. */
export interface TextOrigin {
  readonly receivedAtMs: number;
  /** The same as ISO 8601 UTC with milliseconds. */
  readonly receivedAt: string;
  readonly envelope: BatchEnvelope | undefined;
  /** For `context.ip` of events that ask for it with `context.direct`. Undefined where unknown or IPv6. */
  readonly clientIp: string | undefined;
}

/** What is added to one event. */
export interface EventAdditions {
  /** The event's own, or a new one. */
  readonly messageId: string;
  readonly times: EventTimes;
}

/** The event's time by its own members and its batch, and what is written of it. */
export function eventTimes(fields: EventFields, { envelope, receivedAtMs }: TextOrigin): EventTimes {
  const sentAtMs = isAbsent(fields.sentAt) ? envelope?.sentAtMs : parseTimestamp(fields.sentAt);
  return eventTimesOf(fields, sentAtMs, receivedAtMs);
}

const CLOSE_BRACE_BYTES = 1;

/** UTF-8 JSON text. Anything except an object is copied unchanged. */
export function buildEventText(
  bytes: Buffer,
  { value, span }: SubmittedEvent,
  { fields, type }: Verdict,
  { messageId, times }: EventAdditions,
  origin: TextOrigin,
): Buffer {
  if (!isJsonObject(value)) return Buffer.from(bytes.subarray(span.start, span.end));
  const { envelope, receivedAt } = origin;
  const splice = new EventSplice(bytes, span, value);
  if (isAbsent(fields.messageId)) splice.add('messageId', JSON.stringify(messageId));
  if (isAbsent(fields.type) && type !== undefined) splice.add('type', `"${type}"`);
  if (isAbsent(fields.receivedAt)) splice.add('receivedAt', `"${receivedAt}"`);
  if (isAbsent(fields.sentAt) && envelope?.sentAt !== undefined) splice.add('sentAt', envelope.sentAt);
  addTimes(splice, times);
  splice.addMembers('context', contextFor(fields, origin));
  splice.addMembers('integrations', envelope?.integrations);
  return spliceText(bytes, span, splice.edits(span.end - CLOSE_BRACE_BYTES));
}

function addTimes(splice: EventSplice, times: EventTimes): void {
  if (times.kind === 'absent') {
    splice.add('originalTimestamp', `"${times.receivedAt}"`);
    splice.add('timestamp', `"${times.receivedAt}"`);
  } else if (times.kind === 'corrected') {
    const sent = splice.replaceField('timestamp', `"${times.timestamp}"`);
    if (sent !== undefined) splice.add('originalTimestamp', sent);
  }
}

function isAbsent(field: JsonValue | undefined): boolean {
  return field === undefined || field === '';
}

/**
 * What is added to the event's context: the batch's and, if one of the two says `direct`, the client's address ("the IP
 * of the connection", segment-docs http-api page).
 */
function contextFor({ context: own }: EventFields, { envelope, clientIp }: TextOrigin): EnvelopeObject | undefined {
  const shared = envelope?.context;
  const isDirect = envelope?.isDirect === true || (isJsonObject(own) && own.direct === true);
  if (!isDirect || clientIp === undefined) return shared;
  const members = new Map([['ip', `"ip":"${clientIp}"`], ...(shared?.members ?? [])]);
  return { text: `{${[...members.values()].join(',')}}`, members };
}

/**
 * Additions to one event. New members go before its closing brace, in the order of the calls. A null or empty member
 * gets its value replaced, since parsers read a second member of the same name differently. The event's own text is
 * scanned only for replacements.
 */
class EventSplice {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #event: JsonObject;
  readonly #edits: JsonEdit[] = [];
  #appended = '';
  #hasMembers: boolean;

  constructor(bytes: Buffer, span: MeasuredSpan, event: JsonObject) {
    this.#bytes = bytes;
    this.#start = span.start;
    this.#event = event;
    this.#hasMembers = span.members > 0;
  }

  /** Adds a member to the event, replacing one of exactly that name. */
  add(name: string, text: string): void {
    const present = Object.hasOwn(this.#event, name) ? this.#memberOf(name) : undefined;
    if (present !== undefined) {
      this.#edits.push({ start: present.start, end: present.end, text });
      return;
    }
    this.#appended += `${this.#hasMembers ? ',' : ''}"${name}":${text}`;
    this.#hasMembers = true;
  }

  /** Replaces the value of a field in any casing. Returns the old text. */
  replaceField(field: EventFieldName, text: string): string | undefined {
    const sentName = sentFieldName(this.#event, field);
    const member = sentName === undefined ? undefined : this.#memberOf(sentName);
    if (member === undefined) return undefined;
    const sent = this.#bytes.toString('utf8', member.start, member.end);
    if (sent !== text) this.#edits.push({ start: member.start, end: member.end, text });
    return sent;
  }

  /** Adds missing members to the event's object `field`: an item's own members win over its batch. */
  addMembers(field: 'context' | 'integrations', additions: EnvelopeObject | undefined): void {
    if (additions === undefined) return;
    const sentName = sentFieldName(this.#event, field);
    if (sentName === undefined) {
      this.add(field, additions.text);
      return;
    }
    const own = this.#event[sentName];
    const member = this.#memberOf(sentName);
    if (member === undefined) return;
    if (!isJsonObject(own)) {
      // PHP writes an empty object as []; anything else is a defect that the verdict has already named.
      if (Array.isArray(own) && own.length === 0) {
        this.#edits.push({ start: member.start, end: member.end, text: additions.text });
      }
      return;
    }
    const lacking = [...additions.members].filter(([name]) => !Object.hasOwn(own, name)).map(([, text]) => text);
    if (lacking.length === 0) return;
    const end = member.end - CLOSE_BRACE_BYTES;
    const separator = Object.keys(own).length > 0 ? ',' : '';
    this.#edits.push({ start: end, end, text: separator + lacking.join(',') });
  }

  /** All changes in the order of the text; `end` is the index of the event's closing brace. */
  edits(end: number): readonly JsonEdit[] {
    if (this.#edits.length > 1) this.#edits.sort((a, b) => a.start - b.start);
    if (this.#appended !== '') this.#edits.push({ start: end, end, text: this.#appended });
    return this.#edits;
  }

  #memberOf(name: string): JsonMember | undefined {
    return findMember(this.#bytes, this.#start, name);
  }
}
