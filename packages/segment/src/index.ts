export { computationOf, toPropertyName, withComputation, type Computation } from './events/engage.ts';
export {
  eventFieldNames,
  noEventFields,
  readEventFields,
  sentFieldName,
  type EventFieldName,
  type EventFields,
} from './events/event-fields.ts';
export {
  buildEventText,
  eventTimes,
  type BatchEnvelope,
  type EnvelopeObject,
  type EventAdditions,
  type TextOrigin,
} from './events/event-text.ts';
export {
  eventTypes,
  isUnsupportedByDestination,
  type AliasEvent,
  type DeleteEvent,
  type EventCommon,
  type EventType,
  type GroupEvent,
  type IdentifyEvent,
  type SegmentEvent,
  type TrackEvent,
  type UnsuppressEvent,
  type ViewEvent,
} from './events/event.ts';
export { findJsonFault, type JsonFault } from './json/json-fault.ts';
export {
  findMembers,
  measureValue,
  readElements,
  readMembers,
  skipWhitespace,
  spliceText,
  walkMembers,
  type JsonEdit,
  type JsonMember,
  type JsonSpan,
  type MeasuredSpan,
} from './json/json-text.ts';
export {
  judgeEvent,
  type AcceptanceRules,
  type AcceptedEvent,
  type EventRejectionCode,
  type RejectedVerdict,
  type SubmittedEvent,
  type Verdict,
} from './events/judge-event.ts';
export { isJsonObject, parseRawJson, type JsonObject, type JsonValue, type RawJson } from '@astrolabe/json';
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
} from './events/limits.ts';
export {
  boundedOccurrenceOf,
  earliestOccurrenceMs,
  maxFutureMs,
  type BoundedOccurrence,
  type ClampedTime,
  type ClampReason,
} from './times/occurrence-bounds.ts';
export {
  contextGroupId,
  parseEvent,
  parseEventFields,
  type EventDefect,
  type EventDefectCode,
  type ParsedEvent,
} from './events/parse-event.ts';
export { encodeKey, partitionKey, type EventIdentity, type IdentityKind } from './events/partition-key.ts';
export { decodeUtf8, startOfText, type DecodedText } from './json/text-encoding.ts';
export {
  eventTimesOf,
  occurrenceOf,
  parseTimestamp,
  toIsoText,
  type EventTimes,
  type Occurrence,
} from './times/timestamps.ts';
