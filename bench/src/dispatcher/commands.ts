/**
 * Records of the command topic as the mapper writes them. Which record an index stands for never changes, and its number is in its id: so
 * the API stub knows each without a table of ids.
 */
import { headerNames, toHeaders, type CommandEncoder, type OutgoingRecord } from '@astrolabe/kafka';
import { partitionKey } from '@astrolabe/segment';

export const connectorId = 'bench';
/** So many that the end of a run, when only long lanes are left, is short. */
export const USERS = 20_000;
const ID_DIGITS = 32;
const INDEX_DIGITS = 8;
const EPOCH_MS = Date.parse('2026-03-01T12:00:00.000Z');

export function buildCommand(index: number, encoder: CommandEncoder): OutgoingRecord {
  const userId = `user-${scatter(index) % USERS}`;
  const commandId = commandIdOf(index);
  const messageId = `node-next-1772366400000-${index}`;
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
    record: { commandId, connectorId, messageId, occurredAt: atMs, receivedAt: atMs + 250, userId, properties },
  });
  const headers = toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: new Date(atMs + 250).toISOString(),
    [headerNames.commandId]: commandId,
  });
  const key = partitionKey(connectorId, { userId, anonymousId: undefined }) ?? '';
  return { key: Buffer.from(key), value, headers };
}

/** 32 hexadecimal digits, as ids have; the last eight are the index. */
export function commandIdOf(index: number): string {
  return (
    scatter(index)
      .toString(16)
      .padStart(ID_DIGITS - INDEX_DIGITS, 'c') + index.toString(16).padStart(INDEX_DIGITS, '0')
  );
}

/** The index of the command with this id. */
export function indexOf(commandId: string): number {
  return Number.parseInt(commandId.slice(-INDEX_DIGITS), 16);
}

/** Spreads consecutive numbers, the same way each time (Knuth's multiplicative hash). */
function scatter(index: number): number {
  return Math.imul(index + 1, 2_654_435_761) >>> 0;
}
