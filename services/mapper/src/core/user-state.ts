/**
 * What the mapper remembers of a user between events. All of it is written to the compacted changelog topic, on the
 * partition with the number of the user's events. A user with nothing to remember has no state.
 */
import { hash } from 'node:crypto';
import type { DecodedStateKey, StateCodec, StateKey } from '@astrolabe/processing';
import { encodeKey } from '@astrolabe/segment';

export interface UserState {
  readonly suppressed?: Suppression;
  /** The `decisionId`s of the user's last deletions and lifts, concatenated, the newest last. */
  readonly decided?: string;
  /** When the newest of them was received, if there is no suppression with that time. Epoch milliseconds. */
  readonly decidedAtMs?: number;
  readonly email?: KnownEmail;
}

/**
 * The user was deleted for privacy. Times are those of receipt, epoch milliseconds; the senders' clocks do not matter
 * here.
 */
export interface Suppression {
  /** The time as of which the newest deletion deletes. */
  readonly atMs: number;
  /**
   * When the suppression was lifted; absent while the user is suppressed. Remembered for replays: what was received
   * before it stays suppressed, and the lifted deletion does not suppress the user again.
   */
  readonly liftedAtMs?: number;
  /** The deletion came from an archive: it applies to other archived records, not to what is received now. */
  readonly isArchived?: boolean;
}

/** Domain of the user's newest email address; the address itself is not kept. */
export interface KnownEmail {
  /** Lower case, punycode. */
  readonly domain: string;
  /** When an event gave the address (`addressTimeMs`), epoch milliseconds by the senders' corrected clocks. */
  readonly atMs: number;
}

/**
 * Whether a user may be evicted if there are too many. Eviction must not let a deleted user back in; an archive's
 * deletion of its own records matters less.
 */
export function isExpendable({ suppressed }: UserState): boolean {
  return suppressed === undefined || suppressed.isArchived === true;
}

/** 128 bits of SHA-256: short and long ids take the same memory, and the state does not reveal them. */
const ID_BYTES = 16;
const HASHED_KIND = 'user-sha256';

/** Key of a user's state. The connector is its scope. */
export function userStateKey(connectorId: string, userId: string): StateKey {
  return keyOf(connectorId, encodeKey(connectorId, 'user', userId));
}

function keyOf(scope: string, recordKey: string): StateKey {
  return { scope, id: hash('sha256', recordKey, 'binary').slice(0, ID_BYTES) };
}

export const userStateCodec: StateCodec<UserState> = {
  encode: encodeUserState,
  decode: decodeUserState,
  encodeKey: ({ scope, id }) => JSON.stringify([scope, HASHED_KIND, Buffer.from(id, 'latin1').toString('base64url')]),
  decodeKey: decodeUserStateKey,
  pack: packUserState,
  unpack: unpackUserState,
  isExpendable,
};

/**
 * `["acme","user-sha256","…"]`. Before version 2 of the mapping rules it was the key of the user's events,
 * `["acme","user","…"]`.
 */
function decodeUserStateKey(text: string): DecodedStateKey {
  const json = parseText(text, 'the key of a state');
  const [scope, kind, id] = Array.isArray(json) ? (json as readonly unknown[]) : [];
  if (typeof scope === 'string' && typeof id === 'string') {
    if (kind === HASHED_KIND) {
      return { key: { scope, id: Buffer.from(id, 'base64url').toString('latin1') }, isOutdated: false };
    }
    if (kind === 'user') return { key: keyOf(scope, text), isOutdated: true };
  }
  throw new RangeError(`the key of a state is not a user's: ${text.slice(0, 100)}`);
}

/** Value of the state record: compact JSON. */
export function encodeUserState(state: UserState): Buffer {
  const { suppressed: s, decided, decidedAtMs, email: e } = state;
  // Member by member: the same state always has the same bytes.
  const suppressed = s && { atMs: s.atMs, liftedAtMs: s.liftedAtMs, isArchived: s.isArchived };
  const email = e && { domain: e.domain, atMs: e.atMs };
  return Buffer.from(JSON.stringify({ suppressed, decided, decidedAtMs, email }), 'utf8');
}

/**
 * Throws a RangeError that names the place for anything that no version up to this one writes: to continue with half a
 * state would let suppressed users through. The first version wrote `suppressed` (without `isArchived`) and `email`.
 */
export function decodeUserState(bytes: Buffer): UserState {
  const json = parseText(bytes.toString('utf8'), 'the state of a user');
  const members = membersOf(json, 'the state of a user', ['suppressed', 'decided', 'decidedAtMs', 'email']);
  const { suppressed, decided, decidedAtMs, email } = members;
  if (suppressed === undefined && decided === undefined && email === undefined) {
    throw new RangeError('the state of a user is empty');
  }
  return {
    ...(suppressed === undefined ? {} : { suppressed: readSuppression(suppressed) }),
    ...(decided === undefined ? {} : { decided: readDecided(decided) }),
    ...(decidedAtMs === undefined ? {} : { decidedAtMs: readTime(decidedAtMs, 'decidedAtMs') }),
    ...(email === undefined ? {} : { email: readEmail(email) }),
  };
}

function readSuppression(json: unknown): Suppression {
  const { atMs, liftedAtMs, isArchived } = membersOf(json, 'suppressed', ['atMs', 'liftedAtMs', 'isArchived']);
  if (isArchived !== undefined && isArchived !== true) throw new RangeError('suppressed.isArchived is not true');
  return {
    atMs: readTime(atMs, 'suppressed.atMs'),
    ...(liftedAtMs === undefined ? {} : { liftedAtMs: readTime(liftedAtMs, 'suppressed.liftedAtMs') }),
    ...(isArchived === undefined ? {} : { isArchived }),
  };
}

function readDecided(json: unknown): string {
  if (typeof json !== 'string' || !/^(?:[\w-]{8})+$/.test(json)) throw new RangeError('decided is not a list of ids');
  return json;
}

function readEmail(json: unknown): KnownEmail {
  const { domain, atMs } = membersOf(json, 'email', ['domain', 'atMs']);
  if (typeof domain !== 'string' || !/^[!-{}~]+$/.test(domain)) throw new RangeError('email.domain is not a domain');
  return { domain, atMs: readTime(atMs, 'email.atMs') };
}

function membersOf(json: unknown, place: string, names: readonly string[]): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new RangeError(`${place} is not an object`);
  const unknown = Object.keys(json).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RangeError(`${place} has a member that this version does not know: ${unknown}`);
  return json as Record<string, unknown>;
}

function readTime(value: unknown, place: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new RangeError(`${place} is not a time`);
  return value;
}

function parseText(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new RangeError(`${place} is not JSON`);
  }
}

/** Seven members, none of which can contain a bar; times in base 36. */
function packUserState({ suppressed, decided = '', decidedAtMs, email }: UserState): string {
  const archived = suppressed?.isArchived === true ? '1' : '';
  const suppression = `${packTime(suppressed?.atMs)}|${packTime(suppressed?.liftedAtMs)}|${archived}`;
  return `${suppression}|${decided}|${packTime(decidedAtMs)}|${email?.domain ?? ''}|${packTime(email?.atMs)}`;
}

function unpackUserState(text: string): UserState {
  const [at = '', liftedAt = '', archived = '', decided = '', decidedAt = '', domain = '', emailAt = ''] =
    text.split('|');
  return {
    ...(at === ''
      ? {}
      : {
          suppressed: {
            atMs: unpackTime(at),
            ...(liftedAt === '' ? {} : { liftedAtMs: unpackTime(liftedAt) }),
            ...(archived === '' ? {} : { isArchived: true }),
          },
        }),
    ...(decided === '' ? {} : { decided }),
    ...(decidedAt === '' ? {} : { decidedAtMs: unpackTime(decidedAt) }),
    ...(domain === '' ? {} : { email: { domain, atMs: unpackTime(emailAt) } }),
  };
}

const TIME_BASE = 36;

function packTime(ms: number | undefined): string {
  return ms === undefined ? '' : ms.toString(TIME_BASE);
}

function unpackTime(text: string): number {
  return Number.parseInt(text, TIME_BASE);
}
