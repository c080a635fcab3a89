import type { DatabaseSync } from 'node:sqlite';
import type { ApiCommand, WriteResult } from '../commands/command.ts';
import { createEntityStore, type EntityStore } from './entity-store.ts';
import { createEventStore, type EventStore } from './event-store.ts';
import { createMembershipStore, type MembershipStore } from './membership-store.ts';

/** Users, accounts, memberships and events of all workspaces. */
export interface State {
  readonly entities: Pick<EntityStore, 'get' | 'list'>;
  readonly memberships: Pick<MembershipStore, 'list'>;
  readonly events: Pick<EventStore, 'list'>;
  /**
   * Applies a command within the caller's transaction. The state after a set of commands does not depend on their
   * order.
   */
  apply(workspace: string, command: ApiCommand): WriteResult;
}

export function createState(database: DatabaseSync): State {
  const entities = createEntityStore(database);
  const memberships = createMembershipStore(database);
  const events = createEventStore(database);

  const isDeleted = (workspace: string, userId: string, occurredAtMs: number) => {
    const deletedAtMs = entities.deletedAtMs(workspace, 'user', userId);
    return deletedAtMs !== undefined && occurredAtMs <= deletedAtMs;
  };

  const apply = (workspace: string, command: ApiCommand): boolean => {
    const { occurredAtMs } = command;
    switch (command.kind) {
      case 'upsertUser':
        return entities.touch(workspace, 'user', command.userId, occurredAtMs, command.properties);
      case 'upsertAccount':
        return entities.touch(workspace, 'account', command.accountId, occurredAtMs, command.properties);
      case 'associateUser': {
        const { accountId, userId } = command;
        // The account is created even if the user was deleted since, so that the order of arrival does not matter.
        const accountChanged = entities.touch(workspace, 'account', accountId, occurredAtMs, {});
        if (isDeleted(workspace, userId, occurredAtMs)) return accountChanged;
        const userChanged = entities.touch(workspace, 'user', userId, occurredAtMs, {});
        return memberships.put(workspace, accountId, userId, occurredAtMs) || accountChanged || userChanged;
      }
      case 'trackEvent': {
        const { userId } = command;
        if (userId !== null && isDeleted(workspace, userId, occurredAtMs)) return false;
        if (!events.add(workspace, command)) return false;
        if (userId !== null) entities.touch(workspace, 'user', userId, occurredAtMs, command.userProperties ?? {});
        return true;
      }
      case 'deleteUser': {
        const { userId } = command;
        if (!entities.remove(workspace, 'user', userId, occurredAtMs)) return false;
        memberships.removeUser(workspace, userId, occurredAtMs);
        events.removeUser(workspace, userId, occurredAtMs);
        return true;
      }
    }
  };

  return {
    entities,
    memberships,
    events,
    apply: (workspace, command) => (apply(workspace, command) ? 'applied' : 'unchanged'),
  };
}
