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
 * A domain that an event repeats is written again after this time: often enough to be remembered, but not with every
 * event.
 */
const REFRESHED_AFTER_MS = 90 * 86_400_000;

/**
 * The state after an event at `atMs` (epoch milliseconds, the time at the sender) gave an address of that domain; the
 * same state if nothing changes. A newer domain replaces an older one, in whichever order they arrive. A domain that
 * the userId gives is not remembered.
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
