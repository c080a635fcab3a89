import type { DatabaseSync } from 'node:sqlite';
import { parseJson, stringifyJson, type JsonObject } from '@astrolabe/schemas';
import type { ApiCommand } from '../commands/command.ts';

export type RecordedEvent = Omit<Extract<ApiCommand, { kind: 'trackEvent' }>, 'kind'>;

/** Place in the order of events: time, then id. */
export interface EventPosition {
  readonly occurredAtMs: number;
  readonly id: string;
}

export interface EventFilter {
  readonly userId?: string | undefined;
  readonly anonymousId?: string | undefined;
}

export interface EventStore {
  /** Records the event. Returns false if its id is known. */
  add(workspace: string, event: RecordedEvent): boolean;
  /** Removes the user's events that are not newer. */
  removeUser(workspace: string, userId: string, occurredAtMs: number): void;
  /** Events by time and id, after a position. */
  list(workspace: string, filter: EventFilter, after: EventPosition, limit: number): readonly RecordedEvent[];
}

interface EventRow {
  readonly id: string;
  readonly event: string;
  readonly user_id: string | null;
  readonly anonymous_id: string | null;
  readonly occurred_at: number;
  readonly properties: string;
  readonly user_properties: string | null;
}

export function createEventStore(database: DatabaseSync): EventStore {
  const insert = database.prepare(
    `INSERT INTO events (workspace, id, event, user_id, anonymous_id, occurred_at, properties, user_properties)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const remove = database.prepare('DELETE FROM events WHERE workspace = ? AND user_id = ? AND occurred_at <= ?');
  const selectWhere = (condition: string) =>
    database.prepare(
      `SELECT id, event, user_id, anonymous_id, occurred_at, properties, user_properties FROM events
       WHERE workspace = ? ${condition} AND (occurred_at, id) > (?, ?) ORDER BY occurred_at, id LIMIT ?`,
    );
  const selectAll = selectWhere('');
  const selectByUser = selectWhere('AND user_id = ?');
  const selectByVisitor = selectWhere('AND anonymous_id = ?');
  const selectByBoth = selectWhere('AND user_id = ? AND anonymous_id = ?');

  return {
    add: (workspace, event) =>
      insert.run(
        workspace,
        event.id,
        event.event,
        event.userId,
        event.anonymousId,
        event.occurredAtMs,
        stringifyJson(event.properties),
        event.userProperties === null ? null : stringifyJson(event.userProperties),
      ).changes !== 0,
    removeUser: (workspace, userId, occurredAtMs) => void remove.run(workspace, userId, occurredAtMs),
    list: (workspace, { userId, anonymousId }, after, limit) => {
      const page = [after.occurredAtMs, after.id, limit] as const;
      const rows = (() => {
        if (userId !== undefined && anonymousId !== undefined) {
          return selectByBoth.all(workspace, userId, anonymousId, ...page);
        }
        if (userId !== undefined) return selectByUser.all(workspace, userId, ...page);
        if (anonymousId !== undefined) return selectByVisitor.all(workspace, anonymousId, ...page);
        return selectAll.all(workspace, ...page);
      })();
      return (rows as unknown as EventRow[]).map(toEvent);
    },
  };
}

function toEvent(row: EventRow): RecordedEvent {
  return {
    id: row.id,
    event: row.event,
    userId: row.user_id,
    anonymousId: row.anonymous_id,
    occurredAtMs: row.occurred_at,
    properties: parseJson(row.properties) as JsonObject,
    userProperties: row.user_properties === null ? null : (parseJson(row.user_properties) as JsonObject),
  };
}
