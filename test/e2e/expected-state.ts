/**
 * The oracle: the state in which Astrolabe must end, computed from the events that were sent and nothing else. Knows
 * Segment's meaning of a call and "the newest value of each property wins", and none of the pipeline's code.
 */
import type { JsonObject, JsonValue } from '@astrolabe/schemas';
import type { GeneratedEvent } from './traffic.ts';

export interface AstrolabeState {
  /** Properties by user id. */
  readonly users: Readonly<Record<string, JsonObject>>;
  /** Properties by account id. */
  readonly accounts: Readonly<Record<string, JsonObject>>;
  /** User ids by account id, sorted. */
  readonly members: Readonly<Record<string, readonly string[]>>;
  /** One line for each event that a track call stands for, sorted. */
  readonly events: readonly string[];
}

/** Commands that the events stand for: one for each effect. */
export interface Expectation {
  readonly state: AstrolabeState;
  readonly commandCount: number;
}

export function expectState(events: readonly GeneratedEvent[]): Expectation {
  const users = new NewestValues();
  const accounts = new NewestValues();
  const members = new Map<string, Set<string>>();
  const tracked: string[] = [];
  let commandCount = 0;
  const associate = (accountId: string, userId: string): void => {
    commandCount += 1;
    users.touch(userId);
    accounts.touch(accountId);
    const group = members.get(accountId) ?? new Set<string>();
    members.set(accountId, group.add(userId));
  };
  for (const event of events) {
    const { userId, groupId, timestamp } = event;
    commandCount += 1;
    switch (event.type) {
      case 'identify':
        if (userId === undefined) throw new Error('the generator sends no anonymous identify');
        users.set(userId, event.traits ?? {}, timestamp);
        if (typeof event.context?.['groupId'] === 'string') associate(event.context['groupId'], userId);
        break;
      case 'group':
        if (groupId === undefined) throw new Error('a group call has a groupId');
        accounts.set(groupId, event.traits ?? {}, timestamp);
        if (userId !== undefined) associate(groupId, userId);
        break;
      case 'track':
        if (userId !== undefined) users.set(userId, (event.context?.['traits'] ?? {}) as JsonObject, timestamp);
        tracked.push(eventLine(event.event ?? '', userId, event.anonymousId, timestamp, event.properties ?? {}));
    }
  }
  return {
    commandCount,
    state: {
      users: users.all(),
      accounts: accounts.all(),
      members: Object.fromEntries([...members].map(([accountId, userIds]) => [accountId, [...userIds].sort()])),
      events: tracked.sort(),
    },
  };
}

export function eventLine(
  event: string,
  userId: string | undefined,
  anonymousId: string | undefined,
  occurredAt: string,
  properties: JsonObject,
): string {
  return JSON.stringify([occurredAt, event, userId ?? null, anonymousId ?? null, properties]);
}

/** For each entity the newest value of each property. */
class NewestValues {
  readonly #entities = new Map<string, Map<string, { value: JsonValue; at: string }>>();

  touch(id: string): Map<string, { value: JsonValue; at: string }> {
    const properties = this.#entities.get(id) ?? new Map<string, { value: JsonValue; at: string }>();
    this.#entities.set(id, properties);
    return properties;
  }

  set(id: string, values: JsonObject, at: string): void {
    const properties = this.touch(id);
    for (const [name, value] of Object.entries(values)) {
      const present = properties.get(name);
      if (present === undefined || present.at < at) properties.set(name, { value, at });
    }
  }

  all(): Record<string, JsonObject> {
    return Object.fromEntries(
      [...this.#entities].map(([id, properties]) => [
        id,
        Object.fromEntries([...properties].map(([name, { value }]) => [name, value])),
      ]),
    );
  }
}
