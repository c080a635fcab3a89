import type { DatabaseSync } from 'node:sqlite';

/** A user's membership of an account. */
export interface Membership {
  readonly userId: string;
  readonly occurredAtMs: number;
}

export interface MembershipStore {
  /** Keeps the newest time. Returns whether anything changed. */
  put(workspace: string, accountId: string, userId: string, occurredAtMs: number): boolean;
  /** Removes the user's memberships that are not newer. */
  removeUser(workspace: string, userId: string, occurredAtMs: number): void;
  /** Members by user id, after `afterUserId`. */
  list(workspace: string, accountId: string, afterUserId: string, limit: number): readonly Membership[];
}

export function createMembershipStore(database: DatabaseSync): MembershipStore {
  const upsert = database.prepare(
    `INSERT INTO memberships (workspace, account_id, user_id, occurred_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET occurred_at = excluded.occurred_at WHERE excluded.occurred_at > memberships.occurred_at`,
  );
  const remove = database.prepare('DELETE FROM memberships WHERE workspace = ? AND user_id = ? AND occurred_at <= ?');
  const select = database.prepare(
    `SELECT user_id AS userId, occurred_at AS occurredAtMs FROM memberships
     WHERE workspace = ? AND account_id = ? AND user_id > ? ORDER BY user_id LIMIT ?`,
  );
  return {
    put: (workspace, accountId, userId, occurredAtMs) =>
      upsert.run(workspace, accountId, userId, occurredAtMs).changes !== 0,
    removeUser: (workspace, userId, occurredAtMs) => void remove.run(workspace, userId, occurredAtMs),
    list: (workspace, accountId, afterUserId, limit) =>
      select.all(workspace, accountId, afterUserId, limit) as unknown as Membership[],
  };
}
