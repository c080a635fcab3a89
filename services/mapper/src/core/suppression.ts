/**
 * Who is suppressed: deleted for privacy, and not let in again since. Decided by the times of receipt, which a replay keeps, so that
 * whatever is replayed in whatever order meets the same decision: nothing that was received before the suppression was lifted reaches
 * Astrolabe, and an old deletion or an old lift undoes nothing newer. Each function returns the state itself where nothing changes.
 */
import type { UserState } from './user-state.ts';

/** Whether an event of the user has to be left out. */
export function isSuppressed(state: UserState | undefined, receivedAtMs: number): boolean {
  const suppressed = state?.suppressed;
  if (suppressed === undefined) return false;
  return suppressed.liftedAtMs === undefined || receivedAtMs < suppressed.liftedAtMs;
}

/** After a deletion. What was known of the user is forgotten. */
export function suppress(state: UserState | undefined, receivedAtMs: number): UserState {
  if (state?.suppressed !== undefined) {
    const { atMs, liftedAtMs } = state.suppressed;
    const isKnown = liftedAtMs === undefined ? receivedAtMs <= atMs : receivedAtMs < liftedAtMs;
    if (isKnown) return state;
  }
  return { suppressed: { atMs: receivedAtMs } };
}

/** After an `unsuppress`. */
export function lift(state: UserState | undefined, receivedAtMs: number): UserState | undefined {
  if (state?.suppressed === undefined) return state;
  const { atMs, liftedAtMs } = state.suppressed;
  if (receivedAtMs < atMs || (liftedAtMs !== undefined && liftedAtMs <= receivedAtMs)) return state;
  return { ...state, suppressed: { atMs, liftedAtMs: receivedAtMs } };
}
