/**
 * Finds a user's email domain: that of the newest address in an event, else that of a userId that is an address. Called
 * only if the connector blocks addresses, so that other connectors' users need no state.
 */
import { isJsonObject, type JsonValue, type SegmentEvent } from '@astrolabe/segment';
import { emailDomainOf } from './free-email.ts';
import type { UserState } from './user-state.ts';

/**
 * The domain of the user's address in the event: the trait `email` of an identify, else that of the context's traits.
 * The traits of a group call belong to the account.
 */
export function saidEmailDomain(event: SegmentEvent): string | undefined {
  const own = event.type === 'identify' ? addressDomain(event.traits['email']) : undefined;
  if (own !== undefined) return own;
  const { traits } = event.context;
  return isJsonObject(traits) ? addressDomain(traits['email']) : undefined;
}

/**
 * A domain that an event repeats is written again after this time, not with every event. An event that comes late, from
 * within this time after the last write, and gives another domain, counts as newer than it is.
 */
const REFRESHED_AFTER_MS = 3_600_000;

const DAY_MS = 86_400_000;
/** No event is this late. One that says so comes from a device whose clock stands at 1970, and says it today. */
const MAX_LATE_MS = 180 * DAY_MS;

/**
 * When an address counts as said, by the time of its event and of the receipt (epoch milliseconds): at most half a year
 * before the receipt. By the time of a wrong clock it would be forgotten as soon as it is learned.
 */
export function addressTimeMs(occurredAtMs: number, receivedAtMs: number): number {
  return Math.max(occurredAtMs, receivedAtMs - MAX_LATE_MS);
}

/**
 * The state after an event gave an address of that domain, at `atMs` as `addressTimeMs` gives it; the same state if
 * nothing changes. A newer domain replaces an older one, in whichever order they arrive; of two at the
 * same time the first to arrive stays, so that events told again change nothing. A domain that the userId gives is not
 * remembered.
 */
export function learnEmail(
  state: UserState | undefined,
  domain: string,
  atMs: number,
  userId: string,
): UserState | undefined {
  const known = state?.email;
  if (known === undefined) {
    return domain === emailDomainOf(userId) ? state : { ...state, email: { domain, atMs } };
  }
  const sinceMs = domain === known.domain ? REFRESHED_AFTER_MS : 1;
  const isNews = atMs - known.atMs >= sinceMs;
  return isNews ? { ...state, email: { domain, atMs } } : state;
}

export function knownEmailDomain(state: UserState | undefined, userId: string): string | undefined {
  return state?.email?.domain ?? emailDomainOf(userId);
}

function addressDomain(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? emailDomainOf(value) : undefined;
}
