/**
 * Builds the commands of an event, one function for each kind. Members are spelled out instead of spread: every event
 * passes through here.
 */
import { commandId, type Command, type PropertyMap } from '@astrolabe/schemas';
import type { EventFacts } from './mapping.ts';

/** Members that all commands of an event share. */
export interface CommandOrigin extends Pick<EventFacts, 'connectorId' | 'messageId' | 'receivedAtMs'> {
  readonly occurredAtMs: number;
}

export function upsertUser(origin: CommandOrigin, userId: string, properties: PropertyMap): Command {
  const { connectorId, messageId, occurredAtMs, receivedAtMs } = origin;
  return {
    kind: 'UpsertUser',
    record: {
      commandId: commandId(connectorId, messageId, 'UpsertUser'),
      connectorId,
      messageId,
      occurredAt: occurredAtMs,
      receivedAt: receivedAtMs,
      userId,
      properties,
    },
  };
}

export function upsertAccount(origin: CommandOrigin, accountId: string, properties: PropertyMap): Command {
  const { connectorId, messageId, occurredAtMs, receivedAtMs } = origin;
  return {
    kind: 'UpsertAccount',
    record: {
      commandId: commandId(connectorId, messageId, 'UpsertAccount'),
      connectorId,
      messageId,
      occurredAt: occurredAtMs,
      receivedAt: receivedAtMs,
      accountId,
      properties,
    },
  };
}

export function associateUser(origin: CommandOrigin, accountId: string, userId: string): Command {
  const { connectorId, messageId, occurredAtMs, receivedAtMs } = origin;
  return {
    kind: 'AssociateUser',
    record: {
      commandId: commandId(connectorId, messageId, 'AssociateUser'),
      connectorId,
      messageId,
      occurredAt: occurredAtMs,
      receivedAt: receivedAtMs,
      accountId,
      userId,
    },
  };
}

export interface Tracked {
  readonly event: string;
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  readonly properties: PropertyMap;
  readonly userProperties: PropertyMap;
}

export function trackEvent(origin: CommandOrigin, tracked: Tracked): Command {
  const { connectorId, messageId, occurredAtMs, receivedAtMs } = origin;
  return {
    kind: 'TrackEvent',
    record: {
      commandId: commandId(connectorId, messageId, 'TrackEvent'),
      connectorId,
      messageId,
      occurredAt: occurredAtMs,
      receivedAt: receivedAtMs,
      event: tracked.event,
      userId: tracked.userId ?? null,
      anonymousId: tracked.anonymousId ?? null,
      properties: tracked.properties,
      userProperties: tracked.userProperties,
    },
  };
}

export function deleteUser(origin: CommandOrigin, userId: string): Command {
  const { connectorId, messageId, occurredAtMs, receivedAtMs } = origin;
  return {
    kind: 'DeleteUser',
    record: {
      commandId: commandId(connectorId, messageId, 'DeleteUser'),
      connectorId,
      messageId,
      occurredAt: occurredAtMs,
      receivedAt: receivedAtMs,
      userId,
    },
  };
}
