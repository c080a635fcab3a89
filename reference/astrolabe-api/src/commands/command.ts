import { hash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '@astrolabe/schemas';

/** A write, however it came: by a path of its own or in bulk. Times are epoch milliseconds. */
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
      /** Null where the event has no such member. */
      readonly userProperties: JsonObject | null;
    }
  | { readonly kind: 'deleteUser'; readonly userId: string; readonly occurredAtMs: number };

export type ApiCommandKind = ApiCommand['kind'];

/** `unchanged`: what is there is as new or newer, the event is known, or the user was deleted since. */
export type WriteResult = 'applied' | 'unchanged';

/** Equal for commands of equal content, whatever order their members came in. Base64 of SHA-256. */
export function fingerprintOf(command: ApiCommand): string {
  return hash('sha256', canonicalJson(command), 'base64');
}
