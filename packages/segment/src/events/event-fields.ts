/**
 * Top-level fields of an event under whichever casing they were sent: "the casing on these fields will vary by
 * customer, so be ready to accept any casing" (segment-docs `src/partners/subscriptions/build-webhook.md`). `userId`,
 * `userid`, `user_id`, `UserID` and `User-Id` are one field. The spec's own spelling wins over any other, and a field
 * that is null counts as absent.
 */
import type { JsonObject, JsonValue } from '@astrolabe/json';

export const eventFieldNames = [
  'type',
  'messageId',
  'userId',
  'anonymousId',
  'groupId',
  'previousId',
  'event',
  'name',
  'category',
  'traits',
  'properties',
  'context',
  'integrations',
  'timestamp',
  'originalTimestamp',
  'sentAt',
  'receivedAt',
  'writeKey',
] as const;
export type EventFieldName = (typeof eventFieldNames)[number];

/** Every name is present, undefined if the event does not have the field. */
export type EventFields = Readonly<Record<EventFieldName, JsonValue | undefined>>;

const exactNames: ReadonlySet<string> = new Set(eventFieldNames);
const foldedNames: ReadonlyMap<string, EventFieldName> = new Map(eventFieldNames.map((name) => [fold(name), name]));

/** `original_timestamp`, with room for separators. Longer names are never one of ours, so they are not folded. */
const LONGEST_VARIANT = 24;

/** The fields of an event that has none. */
export const noEventFields: EventFields = Object.freeze(createFields());

/** The event's fields by their spec names. One pass over the object's own names. */
export function readEventFields(event: JsonObject): EventFields {
  const fields = createFields();
  let variants: [EventFieldName, JsonValue][] | undefined;
  // A result of JSON.parse has no inherited members that for...in would show.
  for (const name in event) {
    const value = event[name];
    if (value === undefined || value === null) continue;
    if (exactNames.has(name)) {
      fields[name as EventFieldName] = value;
      continue;
    }
    const variantOf = variantName(name);
    if (variantOf !== undefined) (variants ??= []).push([variantOf, value]);
  }
  for (const [name, value] of variants ?? []) fields[name] ??= value;
  return fields;
}

/** Spelled out, so that all of them have one shape and are fast to read. */
function createFields(): Record<EventFieldName, JsonValue | undefined> {
  return {
    type: undefined,
    messageId: undefined,
    userId: undefined,
    anonymousId: undefined,
    groupId: undefined,
    previousId: undefined,
    event: undefined,
    name: undefined,
    category: undefined,
    traits: undefined,
    properties: undefined,
    context: undefined,
    integrations: undefined,
    timestamp: undefined,
    originalTimestamp: undefined,
    sentAt: undefined,
    receivedAt: undefined,
    writeKey: undefined,
  };
}

/** The name under which the object holds the field that `readEventFields` would read, or undefined if it has none. */
export function sentFieldName(event: JsonObject, field: EventFieldName): string | undefined {
  if (event[field] !== undefined && event[field] !== null && Object.hasOwn(event, field)) return field;
  return Object.keys(event).find((name) => variantName(name) === field && event[name] !== null);
}

/** The field that `name` is another spelling of. Undefined for the spec's own spelling and for other names. */
function variantName(name: string): EventFieldName | undefined {
  if (name.length > LONGEST_VARIANT || exactNames.has(name)) return undefined;
  return foldedNames.get(fold(name));
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[_\- ]/g, '');
}
