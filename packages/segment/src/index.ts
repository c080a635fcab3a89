export { computationOf, toPropertyName, withComputation } from './engage.ts';
export type { Computation } from './engage.ts';
export { eventFieldNames, noEventFields, readEventFields, sentFieldName } from './event-fields.ts';
export type { EventFieldName, EventFields } from './event-fields.ts';
export { buildEventText, eventTimes } from './event-text.ts';
export type { BatchEnvelope, EnvelopeObject, EventAdditions, TextOrigin } from './event-text.ts';
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
  findMembers,
  measureValue,
  readElements,
  readMembers,
  skipWhitespace,
  spliceText,
  walkMembers,
} from './json-text.ts';
export type { JsonEdit, JsonMember, JsonSpan, MeasuredSpan } from './json-text.ts';
export { judgeEvent } from './judge-event.ts';
export type {
  AcceptanceRules,
  AcceptedEvent,
  EventRejectionCode,
  RejectedVerdict,
  SubmittedEvent,
  Verdict,
} from './judge-event.ts';
export { isJsonObject } from './json-value.ts';
export type { JsonObject, JsonValue } from './json-value.ts';
export {
  maxBatchEvents,
  maxBatchItems,
  maxDeliveredEventBytes,
  maxEventBytes,
  maxEventDepth,
  maxEventMembers,
  maxIdBytes,
  maxMessageIdCharacters,
  maxRequestBytes,
  maxSharedBytes,
  maxWebhookItems,
} from './limits.ts';
export { boundedOccurrenceOf, earliestOccurrenceMs, maxFutureMs } from './occurrence-bounds.ts';
export type { BoundedOccurrence, ClampedTime, ClampReason } from './occurrence-bounds.ts';
export { contextGroupId, parseEvent, parseEventFields } from './parse-event.ts';
export type { EventDefect, EventDefectCode, ParsedEvent } from './parse-event.ts';
export { encodeKey, partitionKey } from './partition-key.ts';
export type { EventIdentity, IdentityKind } from './partition-key.ts';
export { parseRawJson } from './raw-json.ts';
export type { RawJson } from './raw-json.ts';
export { decodeUtf8, startOfText } from './text-encoding.ts';
export type { DecodedText } from './text-encoding.ts';
export { eventTimesOf, occurrenceOf, parseTimestamp } from './timestamps.ts';
export type { EventTimes, Occurrence } from './timestamps.ts';
