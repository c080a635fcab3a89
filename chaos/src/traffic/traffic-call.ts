/** What a chaos run sends, and what came of it: the seam between the traffic, the senders and the oracle. */
import type { JsonObject } from '@astrolabe/schemas';

/** One event as an SDK would send it, with a `messageId` of its own unless it repeats another one on purpose. */
export interface TrafficEvent {
  readonly messageId: string;
  readonly type: string;
  /** As sent. */
  readonly body: JsonObject;
}

/**
 * One HTTP call to ingest. A stream's calls are made one after the other, each until it has its 200: that is the order
 * in which they happen.
 */
export interface TrafficCall {
  /** From 0, in order of making, over all streams. */
  readonly sequence: number;
  /** Which sender makes it; a user's or account's events are all of one stream. */
  readonly stream: number;
  readonly connectorId: string;
  /** `/v1/batch`, `/v1/track` and so on. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** In the order of the body. */
  readonly events: readonly TrafficEvent[];
}

/** The end of one call, after however many attempts. */
export type CallEnd =
  /** 200. Attempts before it may have been stored as well. */
  | {
      readonly kind: 'acknowledged';
      readonly attempts: number;
      readonly firstSentAtMs: number;
      readonly acknowledgedAtMs: number;
    }
  /** A 4xx: nothing of it is stored, and it is not sent again. */
  | { readonly kind: 'refused'; readonly status: number; readonly attempts: number }
  /** The run ended before a 200: it may be stored or not. */
  | { readonly kind: 'unknown'; readonly attempts: number };
