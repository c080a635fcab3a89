/**
 * Decides who is suppressed: deleted for privacy, and not let in again since.
 *
 * A deletion and a lift count once each, by messageId, in the order of the partition, because the clocks of ingest
 * instances differ. A record out of that order (a replay, a redrive, an archive) takes its place by the time of its
 * first receipt, so that an older one never overrides a newer one. Each function returns the same state if nothing
 * changes.
 */
import { hash } from 'node:crypto';
import type { UserState } from './user-state.ts';

/**
 * How a record came to its offset on the partition.
 * - `live`: it was received there and then
 * - `repeated`: it was received earlier, and sent again by a replay or a redrive
 * - `archived`: it was received elsewhere, long ago: a backfill, or an archive sent through ingest
 */
export type Arrival = 'live' | 'repeated' | 'archived';

/** When an event was received, for the rules that use time: epoch milliseconds. */
export interface Receipt {
  readonly arrival: Arrival;
  /** Time of the first receipt, wherever that was. */
  readonly atMs: number;
}

/** A deletion or a lift. */
export interface Decision extends Receipt {
  /** Its `decisionId`. */
  readonly id: string;
  /** At least `atMs`, and at least the time of everything received on the partition so far. */
  readonly effectiveMs: number;
}

/** Maximum ids that are kept: enough for every retry, and a bound for a sender who deletes and lifts without end. */
const MAX_DECIDED = 32;
const ID_LENGTH = 8;

/** 48 bits: one user has a few of them. */
export function decisionId(type: 'delete' | 'unsuppress', messageId: string): string {
  return hash('sha256', `${type} ${messageId}`, 'base64url').slice(0, ID_LENGTH);
}

/** Whether an event of the user must be left out. */
export function isSuppressed(state: UserState | undefined, { arrival, atMs }: Receipt): boolean {
  const suppressed = state?.suppressed;
  if (suppressed === undefined) return false;
  const { liftedAtMs } = suppressed;
  if (suppressed.isArchived === true) {
    // A deletion in an archive applies to the archive, and to what was received before it.
    if (arrival === 'live') return false;
    if (arrival === 'repeated') return atMs <= suppressed.atMs;
  }
  if (liftedAtMs === undefined) return true;
  return arrival !== 'live' && atMs < liftedAtMs;
}

export interface Deletion {
  readonly nextState: UserState | undefined;
  /** The time as of which the user is deleted: everything of the user up to then is removed. */
  readonly occurredAtMs: number;
}

/** If the deletion takes effect, the rest of the user's state is dropped. */
export function decideDeletion(state: UserState | undefined, decision: Decision): Deletion {
  const { arrival, atMs, effectiveMs, id } = decision;
  const known = state?.suppressed;
  if (isDecided(state, id)) {
    // A repeated deletion must not remove what came after the first one.
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

/** Whether the known decision is the newer one. */
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
    // An archive's lift need not be remembered: repeated, it has the same old time.
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
