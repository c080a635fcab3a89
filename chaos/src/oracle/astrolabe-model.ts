/**
 * Astrolabe's state after a set of commands, by the rules of schemas/openapi/astrolabe.yaml: their order does not
 * matter.
 */
import { canonicalJson, type Command, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import type { RecordedEvent } from './observed.ts';

export interface ModelState {
  /** Properties by id. */
  readonly users: ReadonlyMap<string, JsonObject>;
  readonly accounts: ReadonlyMap<string, JsonObject>;
  /** User ids by account id, sorted; accounts without members are absent. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  readonly events: ReadonlyMap<string, RecordedEvent>;
}

interface Entity {
  readonly properties: Map<string, { readonly value: JsonValue; readonly atMs: number }>;
}

/** Of one connector's commands. Of a tracked event that is among them more than once, the first one counts. */
export function stateAfter(commands: readonly Command[]): ModelState {
  const deletedMs = new Map<string, number>();
  for (const { kind, record } of commands) {
    if (kind !== 'DeleteUser') continue;
    deletedMs.set(record.userId, Math.max(deletedMs.get(record.userId) ?? 0, record.occurredAt));
  }
  const isGone = (userId: string, atMs: number): boolean => atMs <= (deletedMs.get(userId) ?? -1);
  const users = new Map<string, Entity>();
  const accounts = new Map<string, Entity>();
  const members = new Map<string, Set<string>>();
  const events = new Map<string, RecordedEvent>();
  const writeUser = (userId: string, atMs: number, properties: JsonObject): void => {
    if (!isGone(userId, atMs)) write(users, userId, atMs, properties);
  };
  for (const { kind, record } of commands) {
    const atMs = record.occurredAt;
    switch (kind) {
      case 'UpsertUser':
        writeUser(record.userId, atMs, record.properties);
        break;
      case 'UpsertAccount':
        write(accounts, record.accountId, atMs, record.properties);
        break;
      case 'AssociateUser': {
        write(accounts, record.accountId, atMs, {});
        if (isGone(record.userId, atMs)) break;
        write(users, record.userId, atMs, {});
        const group = members.get(record.accountId) ?? new Set();
        members.set(record.accountId, group.add(record.userId));
        break;
      }
      case 'TrackEvent': {
        const { userId, anonymousId, event, properties, userProperties } = record;
        if (userId !== null && isGone(userId, atMs)) break;
        // One that is recorded already sets nothing.
        if (events.has(record.commandId)) break;
        events.set(record.commandId, {
          event,
          userId,
          anonymousId,
          occurredAt: new Date(atMs).toISOString(),
          properties,
          userProperties: userId === null ? null : userProperties,
        });
        if (userId !== null) writeUser(userId, atMs, userProperties);
        break;
      }
      case 'DeleteUser':
        break;
    }
  }
  return {
    users: propertiesOf(users),
    accounts: propertiesOf(accounts),
    members: new Map([...members].map(([accountId, userIds]) => [accountId, [...userIds].sort()])),
    events,
  };
}

/** The newest value of each property; of two of one time, the one with the greater text. */
function write(entities: Map<string, Entity>, id: string, atMs: number, properties: JsonObject): void {
  const entity: Entity = entities.get(id) ?? { properties: new Map() };
  entities.set(id, entity);
  for (const [name, value] of Object.entries(properties)) {
    const present = entity.properties.get(name);
    const wins =
      present === undefined ||
      atMs > present.atMs ||
      (atMs === present.atMs && canonicalJson(value) > canonicalJson(present.value));
    if (wins) entity.properties.set(name, { value, atMs });
  }
}

function propertiesOf(entities: ReadonlyMap<string, Entity>): Map<string, JsonObject> {
  return new Map(
    [...entities].map(([id, { properties }]) => [
      id,
      Object.fromEntries([...properties].map(([name, { value }]) => [name, value])),
    ]),
  );
}
