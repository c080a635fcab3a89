/**
 * Bounds what the mapper remembers, and removes what is no longer needed. Each connector has its own bound, so one with
 * too many users takes nothing from another. These changes go through the state like any other, so they are stored
 * together with the commands of the same batch.
 */
import type { StateKey, StateView } from '@astrolabe/processing';
import type { MappingRules } from './mapping-rules.ts';
import { isExpendable, type UserState } from './user-state.ts';

export type Remembered =
  /** `forgotten`: how many other users were evicted; also 1 if this user found no room. */
  | { readonly kind: 'remembered'; readonly forgotten: number }
  /** A deletion that cannot be remembered, because the state holds only deletions. `bound`: what is used up. */
  | { readonly kind: 'full'; readonly bound: 'users' | 'memory' };

/** Maximum evictions at once after a limit was lowered, so that a batch is not held up. */
const MAX_FORGOTTEN_AT_ONCE = 16;

/**
 * `maxUsers` bounds the connector's users on the partition, and the connector's share of the memory those on all
 * partitions of the process. The least recently changed of the expendable ones are evicted.
 */
export function rememberUser(
  state: StateView<UserState>,
  key: StateKey,
  value: UserState,
  maxUsers: number,
): Remembered {
  if (state.get(key) !== undefined) {
    state.set(key, value);
    return { kind: 'remembered', forgotten: 0 };
  }
  let forgotten = 0;
  for (;;) {
    const bound = boundOf(state, key.scope, maxUsers, forgotten);
    if (bound === undefined) break;
    const oldest = state.oldestExpendable(key.scope);
    if (oldest === undefined) {
      return isExpendable(value) ? { kind: 'remembered', forgotten: 1 } : { kind: 'full', bound };
    }
    state.delete(oldest);
    forgotten += 1;
  }
  state.set(key, value);
  return { kind: 'remembered', forgotten };
}

/** What there is too little of for one more user, after `forgotten` evictions; undefined where there is room. */
function boundOf(
  state: StateView<UserState>,
  connectorId: string,
  maxUsers: number,
  forgotten: number,
): 'users' | 'memory' | undefined {
  if (state.sizeOf(connectorId) >= maxUsers && forgotten < MAX_FORGOTTEN_AT_ONCE) return 'users';
  // One for one: others may have taken the memory, and a small connector must not pay for them with all it has.
  return forgotten === 0 && !state.hasRoom(connectorId) ? 'memory' : undefined;
}

const DAY_MS = 86_400_000;
/**
 * An event can return for as long as its topic is kept (7 days), and then for as long as dead letters are (30 days).
 */
const DECISIONS_USEFUL_MS = 37 * DAY_MS;
/** An address that events repeat is written again after an hour. */
const EMAIL_USEFUL_MS = 400 * DAY_MS;

/** The part of the state that is still needed: the same object if all of it is, undefined if nothing is. */
export function neededOf(state: UserState, rules: MappingRules, nowMs: number): UserState | undefined {
  const { suppressed, decided, decidedAtMs, email } = state;
  const keepsEmail =
    email !== undefined && rules.freeEmailProviders === 'block' && email.atMs >= nowMs - EMAIL_USEFUL_MS;
  const decidedMs = suppressed === undefined ? decidedAtMs : suppressed.liftedAtMs;
  const keepsDecisions =
    suppressed?.isArchived === true || decidedMs === undefined || decidedMs >= nowMs - DECISIONS_USEFUL_MS;
  if (keepsEmail === (email !== undefined) && keepsDecisions) return state;
  const needed: UserState = {
    ...(keepsDecisions && suppressed !== undefined ? { suppressed } : {}),
    ...(keepsDecisions && decided !== undefined ? { decided } : {}),
    ...(keepsDecisions && decidedAtMs !== undefined ? { decidedAtMs } : {}),
    ...(keepsEmail ? { email } : {}),
  };
  return Object.keys(needed).length === 0 ? undefined : needed;
}
