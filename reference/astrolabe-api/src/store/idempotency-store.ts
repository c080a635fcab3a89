import type { DatabaseSync } from 'node:sqlite';
import type { WriteResult } from '../commands/command.ts';

/** Seven days: as long as the topics keep commands, so that a replay from the first offset finds every key. */
export const defaultIdempotencyTtlMs = 7 * 24 * 3_600_000;

/** The remembered answer to a command. */
export interface RememberedAnswer {
  readonly fingerprint: string;
  readonly result: WriteResult;
}

/** Answers by API key's workspace and idempotency key. Every method runs inside the caller's transaction. */
export interface IdempotencyStore {
  find(workspace: string, key: string, nowMs: number): RememberedAnswer | undefined;
  /** Remembers an answer, replacing an expired one. */
  remember(workspace: string, key: string, answer: RememberedAnswer, nowMs: number): void;
}

/** Expired keys are deleted a few at each write, so that no write has to delete many. */
const DELETED_AT_ONCE = 2;

export function createIdempotencyStore(database: DatabaseSync, ttlMs: number): IdempotencyStore {
  const select = database.prepare(
    'SELECT fingerprint, result FROM idempotency_keys WHERE workspace = ? AND key = ? AND answered_at > ?',
  );
  const insert = database.prepare(
    'INSERT OR REPLACE INTO idempotency_keys (workspace, key, fingerprint, result, answered_at) VALUES (?, ?, ?, ?, ?)',
  );
  const deleteExpired = database.prepare(
    `DELETE FROM idempotency_keys WHERE (workspace, key) IN
       (SELECT workspace, key FROM idempotency_keys WHERE answered_at <= ? ORDER BY answered_at LIMIT ${DELETED_AT_ONCE})`,
  );
  return {
    find: (workspace, key, nowMs) =>
      select.get(workspace, key, nowMs - ttlMs) as unknown as RememberedAnswer | undefined,
    remember: (workspace, key, { fingerprint, result }, nowMs) => {
      insert.run(workspace, key, fingerprint, result, nowMs);
      deleteExpired.run(nowMs - ttlMs);
    },
  };
}
