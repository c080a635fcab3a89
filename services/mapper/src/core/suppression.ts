/**
 * Who is suppressed: deleted for privacy, and not let in again since.
 *
 * A deletion and a lift count once each, by messageId, in the order of the partition: the clocks of those who received them differ. What comes
 * out of that order (a replay, a redrive, an archive) is placed by the time at which it was first received, so that old never decides over
 * newer. Each function returns the state itself where nothing changes.
 */
import { hash } from 'node:crypto';
import type { UserState } from './user-state.ts';

/**
 * How a record came to its place on the partition.
 * - `live`: it was received there and then
 * - `repeated`: it was received earlier, and sent again by a replay or a redrive
 * - `archived`: it was received elsewhere, long ago: a backfill, or an archive sent through ingest
 */
export type Arrival = 'live' | 'repeated' | 'archived';

/** When an event was received, as far as suppression goes by time: epoch milliseconds. */
export interface Receipt {
  readonly arrival: Arrival;
  /** Of the first receipt, wherever that was. */
  readonly atMs: number;
}

/** A deletion or a lift. */
export interface Decision extends Receipt {
  /** `decisionId` of it. */
  readonly id: string;
  /** Not before `atMs`, and not before anything that was received on the partition so far. */
  readonly effectiveMs: number;
}

/** The last so many are known by id: enough for every retry, and a bound for one who deletes and lifts without end. */
const MAX_DECIDED = 32;
const ID_LENGTH = 8;

/** 48 bits: one user has a few of them. */
export function decisionId(type: 'delete' | 'unsuppress', messageId: string): string {
  return hash('sha256', `${type} ${messageId}`, 'base64url').slice(0, ID_LENGTH);
}

/** Whether an event of the user has to be left out. */
export function isSuppressed(state: UserState | undefined, { arrival, atMs }: Receipt): boolean {
  const suppressed = state?.suppressed;
  if (suppressed === undefined) return false;
  const { liftedAtMs } = suppressed;
  if (suppressed.isArchived === true) {
    // A deletion in an archive decides about the archive, and about what was received before it.
    if (arrival === 'live') return false;
    if (arrival === 'repeated') return atMs <= suppressed.atMs;
  }
  if (liftedAtMs === undefined) return true;
  return arrival !== 'live' && atMs < liftedAtMs;
}

export interface Deletion {
  readonly nextState: UserState | undefined;
  /** When the user is deleted as of: everything of the user up to then goes. */
  readonly occurredAtMs: number;
}

/** Where the deletion takes effect, what else was known of the user is forgotten. */
export function decideDeletion(state: UserState | undefined, decision: Decision): Deletion {
  const { arrival, atMs, effectiveMs, id } = decision;
  const known = state?.suppressed;
  if (isDecided(state, id)) {
    // What came after the deletion must not go when it is repeated.
    return { nextState: state, occurredAtMs: known === undefined ? atMs : Math.min(atMs, known.atMs) };
  }
  if (known !== undefined && isOlder(known, decision)) {
    return { nextState: { ...state, decided: withDecided(state, id) }, occurredAtMs: atMs };
  }
  const isArchived = arrival === 'archived';
  const occurredAtMs = isArchived ? atMs : Math.max(effectiveMs, known?.liftedAtMs ?? known?.atMs ?? 0);
  const suppressed = isArchived ? { atMs: occurredAtMs, isArchived } : { atMs: occurredAtMs };
  return { nextState: { suppressed, decided: withDecided(state, id) }, occurredAtMs };
}

/** Whether what is known is the newer word. */
function isOlder(known: NonNullable<UserState['suppressed']>, { arrival, atMs }: Decision): boolean {
  if (arrival === 'live') return false;
  if (known.liftedAtMs !== undefined) return atMs < known.liftedAtMs;
  return arrival === 'archived' && (known.isArchived !== true || atMs <= known.atMs);
}

export interface Lift {
  readonly nextState: UserState | undefined;
  readonly isLifted: boolean;
}

export function decideLift(state: UserState | undefined, decision: Decision): Lift {
  const { arrival, atMs, effectiveMs, id } = decision;
  const known = state?.suppressed;
  if (isDecided(state, id)) return { nextState: state, isLifted: false };
  const isLifted = known !== undefined && known.liftedAtMs === undefined && (arrival === 'live' || atMs >= known.atMs);
  if (!isLifted) {
    // Of an archive's lift nothing needs to be known: it can only come again as old as it is.
    if (arrival === 'archived' && state === undefined) return { nextState: undefined, isLifted };
    const decided = { ...state, decided: withDecided(state, id) };
    if (known !== undefined) return { nextState: decided, isLifted };
    return { nextState: { ...decided, decidedAtMs: Math.max(atMs, state?.decidedAtMs ?? atMs) }, isLifted };
  }
  const liftedAtMs = Math.max(arrival === 'live' ? effectiveMs : atMs, known.atMs + 1);
  return { nextState: { ...state, suppressed: { ...known, liftedAtMs }, decided: withDecided(state, id) }, isLifted };
}

function isDecided(state: UserState | undefined, id: string): boolean {
  const decided = state?.decided ?? '';
  for (let at = 0; at < decided.length; at += ID_LENGTH) if (decided.startsWith(id, at)) return true;
  return false;
}

function withDecided(state: UserState | undefined, id: string): string {
  return ((state?.decided ?? '') + id).slice(-MAX_DECIDED * ID_LENGTH);
}
