/**
 * Segment's events, fields named as in its spec (segment-docs `src/connections/spec/common.md` and the page of each
 * type). `delete` is what Segment sends to destinations when a user is deleted under a privacy regulation. `unsuppress`
 * is this project's own: Segment does not tell destinations when a suppression is lifted (`UNSUPPRESS`, segment-docs
 * `src/privacy/user-deletion-and-suppression.md`), so the customer must.
 */
import type { JsonObject, JsonValue } from '@astrolabe/json';

export const eventTypes = ['identify', 'group', 'track', 'page', 'screen', 'alias', 'delete', 'unsuppress'] as const;
export type EventType = (typeof eventTypes)[number];

/** What every event may carry. Absent, null and empty ids are all `undefined`; numeric ids are their decimal text. */
export interface EventCommon {
  readonly messageId: string | undefined;
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  /** As sent, in any format; `timestamps.ts` reads them. */
  readonly timestamp: JsonValue | undefined;
  readonly originalTimestamp: JsonValue | undefined;
  readonly sentAt: JsonValue | undefined;
  readonly receivedAt: JsonValue | undefined;
  /** `{}` if absent. */
  readonly context: JsonObject;
  /** `{}` if absent, which means the same as `{"All": true}`. */
  readonly integrations: JsonObject;
}

export interface IdentifyEvent extends EventCommon {
  readonly type: 'identify';
  readonly traits: JsonObject;
}

export interface GroupEvent extends EventCommon {
  readonly type: 'group';
  readonly groupId: string;
  readonly traits: JsonObject;
}

export interface TrackEvent extends EventCommon {
  readonly type: 'track';
  readonly event: string;
  readonly properties: JsonObject;
}

/** `page` in browsers, `screen` in apps. */
export interface ViewEvent extends EventCommon {
  readonly type: 'page' | 'screen';
  readonly name: string | undefined;
  readonly category: string | undefined;
  readonly properties: JsonObject;
}

export interface AliasEvent extends EventCommon {
  readonly type: 'alias';
  readonly previousId: string;
}

export interface DeleteEvent extends EventCommon {
  readonly type: 'delete';
  readonly userId: string;
}

/** From here on the user's events count again. */
export interface UnsuppressEvent extends EventCommon {
  readonly type: 'unsuppress';
  readonly userId: string;
}

export type SegmentEvent =
  IdentifyEvent | GroupEvent | TrackEvent | ViewEvent | AliasEvent | DeleteEvent | UnsuppressEvent;

/**
 * Segment's own Astrolabe destination accepts identify, group and track, but not these (`platforms` of its catalogue
 * entry).
 */
export function isUnsupportedByDestination(type: EventType): boolean {
  return type === 'page' || type === 'screen' || type === 'alias';
}
