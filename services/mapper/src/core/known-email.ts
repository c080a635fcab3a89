/**
 * Which email domain a user is known by: that of the newest address that an event has said, else that of a userId which is an address.
 * Asked only where the connector turns addresses away, so that nobody else's users have a state for it.
 */
import { isJsonObject, type JsonValue, type SegmentEvent } from '@astrolabe/segment';
import { emailDomainOf } from './free-email.ts';
import type { UserState } from './user-state.ts';

/**
 * The domain of the address that the event says its user has: the trait `email` of an identify, else that of the context's traits. The
 * traits of a group call are the account's.
 */
export function saidEmailDomain(event: SegmentEvent): string | undefined {
  const own = event.type === 'identify' ? addressDomain(event.traits['email']) : undefined;
  if (own !== undefined) return own;
  const { traits } = event.context;
  return isJsonObject(traits) ? addressDomain(traits['email']) : undefined;
}

/** A domain that is said again is written again after so long: often enough to be remembered, and not with every event. */
const REFRESHED_AFTER_MS = 90 * 86_400_000;

/**
 * The state after an address of that domain was said at a time (epoch milliseconds, when it happened at the sender); the state itself
 * where that changes nothing. A newer domain replaces an older one, whichever comes first. Not remembered: what the userId alone tells.
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
  const isNews = atMs >= known.atMs && (domain !== known.domain || atMs - known.atMs >= REFRESHED_AFTER_MS);
  return isNews ? { ...state, email: { domain, atMs } } : state;
}

export function knownEmailDomain(state: UserState | undefined, userId: string): string | undefined {
  return state?.email?.domain ?? emailDomainOf(userId);
}

function addressDomain(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? emailDomainOf(value) : undefined;
}
