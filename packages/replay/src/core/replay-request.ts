/** What an operator asks a replay for. Pure. */

export type ReplaySource = 'events' | 'commands';

/** As it was asked for. The range is kept for people: what is read are the order's spans. */
export interface ReplayRequest {
  readonly source: ReplaySource;
  readonly toEarliest?: boolean;
  /** Epoch milliseconds, as `untilDatetime`. */
  readonly toDatetime?: number;
  /** Milliseconds back from the start. */
  readonly byDuration?: number;
  readonly untilDatetime?: number;
  /** `partition:first-last`, separated by commas. */
  readonly offsets?: string;
  readonly connector?: readonly string[];
  readonly user?: string;
  readonly account?: string;
  /** Of an event its type, of a command its kind. */
  readonly type?: string;
  /** Name of a tracked event. */
  readonly event?: string;
  /** Deliver again, once for this replay, what the ledger has as delivered. */
  readonly force?: boolean;
  /** Also copies that a replay of an earlier version appended to the topic. */
  readonly includeReplayed?: boolean;
}

/** Whether the filter depends on the value, which of commands needs a schema registry. */
export function needsValue({ user, account, type, event }: ReplayRequest): boolean {
  return user !== undefined || account !== undefined || type !== undefined || event !== undefined;
}

/** Names of what is asked for and differs from the replay that was started. What is left out differs from nothing. */
export function differencesFrom(started: ReplayRequest, typed: ReplayRequest): (keyof ReplayRequest)[] {
  return (Object.keys(typed) as (keyof ReplayRequest)[]).filter(
    (name) => JSON.stringify(typed[name]) !== JSON.stringify(started[name]),
  );
}
