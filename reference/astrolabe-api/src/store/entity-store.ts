import type { DatabaseSync } from 'node:sqlite';
import { parseJson, stringifyJson, type JsonObject } from '@astrolabe/schemas';
import { mergeProperties, propertiesNewerThan, type StoredProperties } from './merge-properties.ts';

export type EntityKind = 'user' | 'account';

/** A user or an account that is present. Times are epoch milliseconds. */
export interface Entity {
  readonly id: string;
  readonly occurredAtMs: number;
  readonly properties: StoredProperties;
}

/**
 * Users and accounts. The same writes in any order give the same state: times only grow, properties merge by
 * `mergeProperties`, and a deletion is kept as a time with which later arrivals are compared.
 */
export interface EntityStore {
  /**
   * Sets properties as of a time and creates the entity. Returns whether anything changed; writes that a deletion
   * covers change nothing.
   */
  touch(workspace: string, kind: EntityKind, id: string, occurredAtMs: number, properties: JsonObject): boolean;
  /** Removes what is not newer. Returns whether this is the newest deletion so far. */
  remove(workspace: string, kind: EntityKind, id: string, occurredAtMs: number): boolean;
  /** Newest deletion of an entity, or undefined. */
  deletedAtMs(workspace: string, kind: EntityKind, id: string): number | undefined;
  get(workspace: string, kind: EntityKind, id: string): Entity | undefined;
  /** Present entities by id, after `afterId`. */
  list(workspace: string, kind: EntityKind, afterId: string, limit: number): readonly Entity[];
}

interface EntityRow {
  readonly id: string;
  readonly occurred_at: number | null;
  readonly deleted_at: number | null;
  readonly properties: string;
}

export function createEntityStore(database: DatabaseSync): EntityStore {
  const selectOne = database.prepare(
    'SELECT id, occurred_at, deleted_at, properties FROM entities WHERE workspace = ? AND kind = ? AND id = ?',
  );
  const selectMany = database.prepare(
    `SELECT id, occurred_at, deleted_at, properties FROM entities
     WHERE workspace = ? AND kind = ? AND id > ? AND occurred_at IS NOT NULL AND (deleted_at IS NULL OR occurred_at > deleted_at)
     ORDER BY id LIMIT ?`,
  );
  const insert = database.prepare(
    'INSERT INTO entities (workspace, kind, id, occurred_at, deleted_at, properties) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const updateTime = database.prepare(
    'UPDATE entities SET occurred_at = ? WHERE workspace = ? AND kind = ? AND id = ?',
  );
  const update = database.prepare(
    'UPDATE entities SET occurred_at = ?, deleted_at = ?, properties = ? WHERE workspace = ? AND kind = ? AND id = ?',
  );

  const find = (workspace: string, kind: EntityKind, id: string) =>
    selectOne.get(workspace, kind, id) as EntityRow | undefined;

  return {
    touch: (workspace, kind, id, occurredAtMs, properties) => {
      const row = find(workspace, kind, id);
      if (row === undefined) {
        const stored = mergeProperties([], properties, occurredAtMs);
        insert.run(workspace, kind, id, occurredAtMs, null, writeProperties(stored));
        return true;
      }
      if (row.deleted_at !== null && occurredAtMs <= row.deleted_at) return false;
      const newest = row.occurred_at === null ? occurredAtMs : Math.max(row.occurred_at, occurredAtMs);
      const stored = readProperties(row);
      const merged = mergeProperties(stored, properties, occurredAtMs);
      if (merged !== stored) {
        update.run(newest, row.deleted_at, writeProperties(merged), workspace, kind, id);
        return true;
      }
      if (newest === row.occurred_at) return false;
      updateTime.run(newest, workspace, kind, id);
      return true;
    },

    remove: (workspace, kind, id, occurredAtMs) => {
      const row = find(workspace, kind, id);
      if (row === undefined) {
        insert.run(workspace, kind, id, null, occurredAtMs, '[]');
        return true;
      }
      if (row.deleted_at !== null && occurredAtMs <= row.deleted_at) return false;
      const left = propertiesNewerThan(readProperties(row), occurredAtMs);
      update.run(row.occurred_at, occurredAtMs, writeProperties(left), workspace, kind, id);
      return true;
    },

    deletedAtMs: (workspace, kind, id) => find(workspace, kind, id)?.deleted_at ?? undefined,

    get: (workspace, kind, id) => {
      const row = find(workspace, kind, id);
      return row === undefined ? undefined : toEntity(row);
    },

    list: (workspace, kind, afterId, limit) =>
      (selectMany.all(workspace, kind, afterId, limit) as unknown as EntityRow[])
        .map(toEntity)
        .filter((entity) => entity !== undefined),
  };
}

function toEntity(row: EntityRow): Entity | undefined {
  if (row.occurred_at === null || (row.deleted_at !== null && row.occurred_at <= row.deleted_at)) return undefined;
  return { id: row.id, occurredAtMs: row.occurred_at, properties: readProperties(row) };
}

function readProperties({ properties }: EntityRow): StoredProperties {
  return properties === '[]' ? [] : (parseJson(properties) as unknown as StoredProperties);
}

function writeProperties(properties: StoredProperties): string {
  return stringifyJson(properties);
}
