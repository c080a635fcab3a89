import { DatabaseSync } from 'node:sqlite';

/**
 * Opens the database of the reference API, creating what is missing. `path` is a file or `:memory:`. Throws if the file
 * cannot be opened or is not a database.
 *
 * Write-ahead log without a sync for each commit: answered writes survive a kill of the process at any moment, but not
 * a power cut.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
    ${schema}
  `);
  return database;
}

const schema = `
  -- Users and accounts. occurred_at: newest time of any write that concerned it, null where it is only known to be deleted.
  -- Present where occurred_at is newer than deleted_at. properties: JSON array of [name, value, occurredAt].
  CREATE TABLE IF NOT EXISTS entities (
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'account')),
    id TEXT NOT NULL,
    occurred_at INTEGER,
    deleted_at INTEGER,
    properties TEXT NOT NULL,
    PRIMARY KEY (workspace, kind, id)
  ) STRICT;

  CREATE TABLE IF NOT EXISTS memberships (
    workspace TEXT NOT NULL,
    account_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, account_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS memberships_by_user ON memberships (workspace, user_id);

  CREATE TABLE IF NOT EXISTS events (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    user_id TEXT,
    anonymous_id TEXT,
    occurred_at INTEGER NOT NULL,
    properties TEXT NOT NULL,
    user_properties TEXT,
    PRIMARY KEY (workspace, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_time ON events (workspace, occurred_at, id);
  CREATE INDEX IF NOT EXISTS events_by_user ON events (workspace, user_id, occurred_at, id);
  CREATE INDEX IF NOT EXISTS events_by_visitor ON events (workspace, anonymous_id, occurred_at, id);

  CREATE TABLE IF NOT EXISTS idempotency_keys (
    workspace TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('applied', 'unchanged')),
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (answered_at);
`;
