import { hash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '@astrolabe/schemas';

/** A write, from its own path or from a bulk call. Times are epoch milliseconds. */
export type ApiCommand =
  | {
      readonly kind: 'upsertUser';
      readonly userId: string;
      readonly occurredAtMs: number;
      readonly properties: JsonObject;
    }
  | {
      readonly kind: 'upsertAccount';
      readonly accountId: string;
      readonly occurredAtMs: number;
      readonly properties: JsonObject;
    }
  | {
      readonly kind: 'associateUser';
      readonly accountId: string;
      readonly userId: string;
      readonly occurredAtMs: number;
    }
  | {
      readonly kind: 'trackEvent';
      readonly id: string;
      readonly event: string;
      readonly userId: string | null;
      readonly anonymousId: string | null;
      readonly occurredAtMs: number;
      readonly properties: JsonObject;
      /** Null if the event has no such member. */
      readonly userProperties: JsonObject | null;
    }
  | { readonly kind: 'deleteUser'; readonly userId: string; readonly occurredAtMs: number };

export type ApiCommandKind = ApiCommand['kind'];

/** `unchanged`: the stored value is as new or newer, the event is known, or the user was deleted since. */
export type WriteResult = 'applied' | 'unchanged';

/** Equal for commands of equal content, whatever the order of their members. Base64 of SHA-256. */
export function fingerprintOf(command: ApiCommand): string {
  return hash('sha256', canonicalJson(command), 'base64');
}
