/**
 * Parses unknown JSON into an event, or into what is wrong with it. Total: any JSON value gives one of the two, and it
 * never throws. Ingest and the mapper both use it, so they never disagree about what an event is.
 *
 * Lenient if real senders differ and nothing is lost: casing of the fields and of `type`, numeric ids, and `[]` for an
 * empty object, which is what PHP's json_encode makes of one.
 */
import { readEventFields, type EventFieldName, type EventFields } from './event-fields.ts';
import { eventTypes, type EventCommon, type EventType, type SegmentEvent } from './event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '@astrolabe/json';
import { maxIdBytes, maxMessageIdCharacters } from './limits.ts';
import type { EventIdentity } from './partition-key.ts';

/** Codes of the error catalogue, so that answer and dead letter have the same. */
export type EventDefectCode = 'event.invalid' | 'event.unknown-type';

export interface EventDefect {
  readonly code: EventDefectCode;
  /** The spec's name of the field at fault; undefined when the event as a whole is. */
  readonly field: EventFieldName | undefined;
  /** What is wrong and what would be right. Never quotes more than the sender's value for `type`. */
  readonly message: string;
}

export type ParsedEvent =
  | { readonly kind: 'event'; readonly event: SegmentEvent }
  | {
      readonly kind: 'invalid';
      /** At least one. */
      readonly defects: readonly EventDefect[];
      /** What is known despite the defects, to name and place the refused event. */
      readonly known: EventIdentity & { readonly messageId: string | undefined; readonly type: EventType | undefined };
    };

/** `impliedType` is the type that the endpoint's path implies, used if the event names none. */
export function parseEvent(input: unknown, impliedType?: EventType): ParsedEvent {
  if (!isJsonObject(input)) {
    const message = `the event is ${describeKind(input)}, expected a JSON object`;
    const known = { messageId: undefined, type: undefined, userId: undefined, anonymousId: undefined };
    return { kind: 'invalid', defects: [{ code: 'event.invalid', field: undefined, message }], known };
  }
  return parseEventFields(readEventFields(input), impliedType);
}

/** As `parseEvent`, for a caller that has already read the fields. */
export function parseEventFields(fields: EventFields, impliedType?: EventType): ParsedEvent {
  const defects: EventDefect[] = [];
  const type = readType(fields.type, impliedType, defects);
  const common: EventCommon = {
    messageId: readMessageId(fields.messageId, defects),
    userId: readBoundedId('userId', fields.userId, defects),
    anonymousId: readBoundedId('anonymousId', fields.anonymousId, defects),
    timestamp: fields.timestamp,
    originalTimestamp: fields.originalTimestamp,
    sentAt: fields.sentAt,
    receivedAt: fields.receivedAt,
    context: readObject('context', fields.context, defects),
    integrations: readObject('integrations', fields.integrations, defects),
  };
  const event = type === undefined ? undefined : buildEvent(type, common, fields, defects);
  if (event !== undefined && defects.length === 0) return { kind: 'event', event };
  const { messageId, userId, anonymousId } = common;
  const groupId = type === 'group' ? readBoundedId('groupId', fields.groupId, []) : undefined;
  return { kind: 'invalid', defects, known: { messageId, type, userId, anonymousId, groupId } };
}

function buildEvent(
  type: EventType,
  common: EventCommon,
  fields: EventFields,
  defects: EventDefect[],
): SegmentEvent | undefined {
  switch (type) {
    case 'identify':
      requireUser(type, common, defects);
      boundContextGroupId(common, defects);
      return { ...common, type, traits: readObject('traits', fields.traits, defects) };
    case 'group': {
      // A user is optional: the Node SDK sends a group with only a groupId.
      const groupId = readBoundedId('groupId', fields.groupId, defects);
      const traits = readObject('traits', fields.traits, defects);
      if (groupId === undefined) return reportMissing('groupId', 'a group call needs a groupId', defects);
      return { ...common, type, groupId, traits };
    }
    case 'track': {
      requireUser(type, common, defects);
      boundContextGroupId(common, defects);
      const event = readText('event', fields.event, defects);
      const properties = readObject('properties', fields.properties, defects);
      if (event === undefined) return reportMissing('event', 'a track call needs the name of its event', defects);
      return { ...common, type, event, properties };
    }
    case 'page':
    case 'screen':
      requireUser(type, common, defects);
      return {
        ...common,
        type,
        name: readText('name', fields.name, defects),
        category: readText('category', fields.category, defects),
        properties: readObject('properties', fields.properties, defects),
      };
    case 'alias': {
      requireUser(type, common, defects);
      const previousId = readBoundedId('previousId', fields.previousId, defects);
      if (previousId === undefined) return reportMissing('previousId', 'an alias call needs a previousId', defects);
      return { ...common, type, previousId };
    }
    case 'delete':
    case 'unsuppress': {
      const { userId } = common;
      if (userId === undefined) {
        return reportMissing('userId', `${article(type)} ${type} event needs a userId`, defects);
      }
      return { ...common, type, userId };
    }
  }
}

const typesByName: ReadonlyMap<string, EventType> = new Map(eventTypes.map((type) => [type, type]));

function readType(
  value: JsonValue | undefined,
  implied: EventType | undefined,
  defects: EventDefect[],
): EventType | undefined {
  if (value === undefined) {
    if (implied === undefined)
      report('event.invalid', 'type', `type is missing; expected one of ${eventTypes.join(', ')}`, defects);
    return implied;
  }
  if (typeof value !== 'string') {
    report(
      'event.unknown-type',
      'type',
      `type is ${describeKind(value)}; expected one of ${eventTypes.join(', ')}`,
      defects,
    );
    return undefined;
  }
  const type = typesByName.get(value) ?? typesByName.get(value.toLowerCase());
  if (type === undefined) {
    const shown = JSON.stringify(value.slice(0, 40));
    report('event.unknown-type', 'type', `type is ${shown}; expected one of ${eventTypes.join(', ')}`, defects);
  }
  return type;
}

function readMessageId(value: JsonValue | undefined, defects: EventDefect[]): string | undefined {
  const messageId = readId('messageId', value, defects);
  if (messageId !== undefined && messageId.length > maxMessageIdCharacters) {
    const message = `messageId has ${messageId.length} characters; at most ${maxMessageIdCharacters} are allowed`;
    report('event.invalid', 'messageId', message, defects);
    return undefined;
  }
  return messageId;
}

/** Strings as they are, numbers as their decimal text, since senders with numeric keys send both forms of one id. */
function readId(field: EventFieldName, value: JsonValue | undefined, defects: EventDefect[]): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  report('event.invalid', field, `${field} is ${describeKind(value)}; expected a string`, defects);
  return undefined;
}

/** A JSON integer of that many digits is not an id either, and converting it to text would be slow. */
const tooLongInteger = 10n ** BigInt(maxIdBytes);

/**
 * An id that becomes a record key, a lane or a part of the mapper's state. Undefined, with a defect, if it is longer
 * than `maxIdBytes`.
 */
function readBoundedId(
  field: EventFieldName,
  value: JsonValue | undefined,
  defects: EventDefect[],
): string | undefined {
  if (typeof value === 'bigint' && (value >= tooLongInteger || value <= -tooLongInteger)) {
    report('event.invalid', field, `${field} is a number of more than ${maxIdBytes} digits`, defects);
    return undefined;
  }
  const id = readId(field, value, defects);
  return id === undefined || isWithinBound(field, id, field, defects) ? id : undefined;
}

/**
 * A character takes three bytes of UTF-8 at most, a pair of surrogates four, so nearly every id need not be measured.
 */
const LONGEST_CHARACTER_BYTES = 3;

function isWithinBound(name: string, id: string, field: EventFieldName, defects: EventDefect[]): boolean {
  if (id.length * LONGEST_CHARACTER_BYTES <= maxIdBytes) return true;
  const sizeBytes = Buffer.byteLength(id);
  if (sizeBytes <= maxIdBytes) return true;
  const message = `${name} has ${sizeBytes} bytes of UTF-8; an id may have at most ${maxIdBytes}`;
  report('event.invalid', field, message, defects);
  return false;
}

/** `context.groupId` "attributes non-group calls to an account" (spec, common fields). Undefined if it is not an id. */
export function contextGroupId({ context: { groupId } }: Pick<EventCommon, 'context'>): string | undefined {
  return readId('groupId', groupId, []);
}

function boundContextGroupId(common: EventCommon, defects: EventDefect[]): void {
  const groupId = contextGroupId(common);
  if (groupId !== undefined) isWithinBound('context.groupId', groupId, 'context', defects);
}

function readText(field: EventFieldName, value: JsonValue | undefined, defects: EventDefect[]): string | undefined {
  return readId(field, value, defects);
}

const NO_MEMBERS: JsonObject = Object.freeze({});

function readObject(field: EventFieldName, value: JsonValue | undefined, defects: EventDefect[]): JsonObject {
  if (value === undefined || value === null) return NO_MEMBERS;
  if (isJsonObject(value)) return value;
  if (Array.isArray(value) && value.length === 0) return NO_MEMBERS;
  report('event.invalid', field, `${field} is ${describeKind(value)}; expected an object`, defects);
  return NO_MEMBERS;
}

function requireUser(type: EventType, { userId, anonymousId }: EventCommon, defects: EventDefect[]): void {
  if (userId !== undefined || anonymousId !== undefined) return;
  if (defects.some(({ field }) => field === 'userId' || field === 'anonymousId')) return;
  report(
    'event.invalid',
    'userId',
    `${article(type)} ${type} call needs a userId or an anonymousId (no_user_anon_id)`,
    defects,
  );
}

function reportMissing(field: EventFieldName, message: string, defects: EventDefect[]): undefined {
  if (!defects.some((defect) => defect.field === field)) report('event.invalid', field, message, defects);
  return undefined;
}

function report(code: EventDefectCode, field: EventFieldName, message: string, defects: EventDefect[]): void {
  defects.push({ code, field, message });
}

function article(type: EventType): string {
  return type === 'identify' || type === 'alias' || type === 'unsuppress' ? 'an' : 'a';
}

function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'undefined' ? 'absent' : `a ${typeof value === 'bigint' ? 'number' : typeof value}`;
}
