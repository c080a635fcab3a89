/**
 * What the mapper remembers of a user between events. All of it is written to the compacted state topic under the key that the user's
 * events have, so a partition's state is that of its users. A user about whom there is nothing to remember has none.
 */
import { encodeKey } from '@astrolabe/segment';

export interface UserState {
  readonly suppressed?: Suppression;
  readonly email?: KnownEmail;
}

/** The user was deleted for privacy. Times are those of receipt, epoch milliseconds: the senders' clocks have no say in this. */
export interface Suppression {
  /** When the newest delete event was received. */
  readonly atMs: number;
  /**
   * When the event that lifted it was received; absent while the user is suppressed. Remembered for replays: what was received before it
   * stays suppressed, and the deletion that it lifted suppresses nobody again.
   */
  readonly liftedAtMs?: number;
}

/** Where the user's newest email address is; the address itself is not kept. */
export interface KnownEmail {
  /** Lower case, punycode. */
  readonly domain: string;
  /** When the address was first said to be there, epoch milliseconds by the senders' corrected clocks. */
  readonly atMs: number;
}

/** Key of a user's state, text of the record key. The same as the key of the user's events. */
export function userStateKey(connectorId: string, userId: string): string {
  return encodeKey(connectorId, 'user', userId);
}

/** Value of the state record: compact JSON. */
export function encodeUserState(state: UserState): Buffer {
  // Member by member: the same state always has the same bytes.
  const suppressed = state.suppressed && { atMs: state.suppressed.atMs, liftedAtMs: state.suppressed.liftedAtMs };
  const email = state.email && { domain: state.email.domain, atMs: state.email.atMs };
  return Buffer.from(JSON.stringify({ suppressed, email }), 'utf8');
}

/**
 * Throws a RangeError that names the place for anything that `encodeUserState` of this version does not write: whoever reads on with half
 * a state would let suppressed users through. Another form of state has another topic.
 */
export function decodeUserState(bytes: Buffer): UserState {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new RangeError('the state of a user is no JSON');
  }
  const { suppressed, email } = membersOf(json, 'the state of a user', ['suppressed', 'email']);
  if (suppressed === undefined && email === undefined) throw new RangeError('the state of a user is empty');
  return {
    ...(suppressed === undefined ? {} : { suppressed: readSuppression(suppressed) }),
    ...(email === undefined ? {} : { email: readEmail(email) }),
  };
}

function readSuppression(json: unknown): Suppression {
  const { atMs, liftedAtMs } = membersOf(json, 'suppressed', ['atMs', 'liftedAtMs']);
  const suppression = { atMs: readTime(atMs, 'suppressed.atMs') };
  return liftedAtMs === undefined
    ? suppression
    : { ...suppression, liftedAtMs: readTime(liftedAtMs, 'suppressed.liftedAtMs') };
}

function readEmail(json: unknown): KnownEmail {
  const { domain, atMs } = membersOf(json, 'email', ['domain', 'atMs']);
  if (typeof domain !== 'string' || domain === '') throw new RangeError('email.domain is no domain');
  return { domain, atMs: readTime(atMs, 'email.atMs') };
}

function membersOf(json: unknown, place: string, names: readonly string[]): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new RangeError(`${place} is no object`);
  const unknown = Object.keys(json).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RangeError(`${place} has a member that this version does not know: ${unknown}`);
  return json as Record<string, unknown>;
}

function readTime(value: unknown, place: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new RangeError(`${place} is no time`);
  return value;
}
