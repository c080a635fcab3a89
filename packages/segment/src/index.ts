export { computationOf, toPropertyName, withComputation } from './engage.ts';
export type { Computation } from './engage.ts';
export { eventFieldNames, noEventFields, readEventFields, sentFieldName } from './event-fields.ts';
export type { EventFieldName, EventFields } from './event-fields.ts';
export { eventTypes, isUnsupportedByDestination } from './event.ts';
export type {
  AliasEvent,
  DeleteEvent,
  EventCommon,
  EventType,
  GroupEvent,
  IdentifyEvent,
  SegmentEvent,
  TrackEvent,
  UnsuppressEvent,
  ViewEvent,
} from './event.ts';
export { findJsonFault } from './json-fault.ts';
export type { JsonFault } from './json-fault.ts';
export {
  findMember,
  measureValue,
  readElements,
  readMembers,
  skipWhitespace,
  spliceText,
  walkMembers,
} from './json-text.ts';
export type { JsonEdit, JsonMember, JsonSpan, MeasuredSpan } from './json-text.ts';
export { isJsonObject } from './json-value.ts';
export type { JsonObject, JsonValue } from './json-value.ts';
export {
  maxBatchEvents,
  maxBatchItems,
  maxDeliveredEventBytes,
  maxEventBytes,
  maxEventDepth,
  maxEventMembers,
  maxMessageIdCharacters,
  maxRequestBytes,
  maxWebhookItems,
} from './limits.ts';
export { boundedOccurrenceOf, earliestOccurrenceMs, maxFutureMs } from './occurrence-bounds.ts';
export type { BoundedOccurrence, ClampedTime, ClampReason } from './occurrence-bounds.ts';
export { parseEvent, parseEventFields } from './parse-event.ts';
export type { EventDefect, EventDefectCode, ParsedEvent } from './parse-event.ts';
export { encodeKey, partitionKey } from './partition-key.ts';
export type { EventIdentity, IdentityKind } from './partition-key.ts';
export { parseRawJson } from './raw-json.ts';
export type { RawJson } from './raw-json.ts';
export { eventTimesOf, occurrenceOf, parseTimestamp } from './timestamps.ts';
export type { EventTimes, Occurrence } from './timestamps.ts';
