/**
 * Records of the command topic as the mapper writes them. Which record an index stands for never changes, and its
 * number is in the time at which it occurred: so the API stub knows each without a table of ids.
 */
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import type { CommandEncoder } from '@astrolabe/records/serde';
import { commandId } from '@astrolabe/schemas';
import { partitionKey } from '@astrolabe/segment';

export const connectorId = 'bench';
/** So many that the end of a run, when only long lanes are left, is short. */
export const USERS = 20_000;
const EPOCH_MS = Date.parse('2026-03-01T12:00:00.000Z');

export function buildCommand(index: number, encoder: CommandEncoder): OutgoingRecord {
  const userId = `user-${scatter(index) % USERS}`;
  const messageId = `node-next-1772366400000-${index}`;
  const id = commandId(connectorId, messageId, 'UpsertUser');
  const atMs = EPOCH_MS + index;
  const properties = {
    email: `${userId}@company.example`,
    firstName: 'Ann',
    lastName: 'Smith',
    plan: 'enterprise',
    logins: index % 300,
    createdAt: '2024-05-06T07:08:09.000Z',
    title: 'Head of Operations',
  };
  const value = encoder.encode({
    kind: 'UpsertUser',
    record: {
      commandId: id,
      connectorId,
      messageId,
      occurredAt: atMs,
      receivedAt: atMs + 250,
      userId,
      properties,
    },
  });
  const headers = toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: new Date(atMs + 250).toISOString(),
    [headerNames.commandId]: id,
  });
  const key = partitionKey(connectorId, { userId, anonymousId: undefined }) ?? '';
  return { key: Buffer.from(key), value, headers };
}

/** The index of the command that occurred at this time, ISO 8601. */
export function indexOf(occurredAt: string): number {
  return Date.parse(occurredAt) - EPOCH_MS;
}

/** Spreads consecutive numbers, the same way each time (Knuth's multiplicative hash). */
function scatter(index: number): number {
  return Math.imul(index + 1, 2_654_435_761) >>> 0;
}
