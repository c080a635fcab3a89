/**
 * Events and commands of many connectors, one of which is hot: it has half of the users. Which one an index stands for
 * never changes, and the number is in it, so that a stub or a reader knows each without a table of ids.
 */
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import type { CommandEncoder } from '@astrolabe/records/serde';
import { commandId } from '@astrolabe/schemas';
import { partitionKey } from '@astrolabe/segment';

/** Who sends while it is measured, of however many are remembered. */
export const ACTIVE_USERS = 20_000;
export const EPOCH_MS = Date.parse('2026-03-01T12:00:00.000Z');
const ID_PREFIX = 'node-next-1772366400000-';

/** As the connectors file has them. All block free email, so that the mapper remembers their users. */
export function growthConnectors(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({
    id: connectorIdAt(index),
    name: connectorIdAt(index),
    apiKey: `bench-${index}`,
    freeEmailProviders: 'block',
  }));
}

function connectorIdAt(index: number): string {
  return index === 0 ? 'hot' : `connector-${index}`;
}

/** Users with an even number are the hot connector's. */
export function connectorOf(user: number, connectors: number): string {
  return user % 2 === 0 ? 'hot' : connectorIdAt(1 + ((user >> 1) % (connectors - 1)));
}

export function userIdOf(user: number): string {
  return `user-${user}`;
}

export function emailDomainOf(user: number): string {
  return `company-${user >> 5}.example`;
}

function activeUser(index: number): number {
  // Spreads consecutive numbers, the same way each time (Knuth's multiplicative hash).
  return (Math.imul(index + 1, 2_654_435_761) >>> 0) % ACTIVE_USERS;
}

export interface Sent {
  readonly record: OutgoingRecord;
  readonly key: Buffer;
}

/** An event that becomes one command. */
export function growthEvent(index: number, connectors: number): Sent {
  const user = activeUser(index);
  const connectorId = connectorOf(user, connectors);
  const userId = userIdOf(user);
  const messageId = messageIdOf(index);
  const receivedAt = new Date(EPOCH_MS + index + 250).toISOString();
  const traits = { email: `${userId}@${emailDomainOf(user)}`, plan: 'enterprise', logins: index % 300 };
  const context = { library: { name: '@segment/analytics-node', version: '3.1.0' }, ip: '203.0.113.7' };
  const call =
    index % 2 === 0
      ? { type: 'identify', traits, context }
      : { type: 'track', event: 'Report Opened', properties: { reportId: index % 5_000 }, context };
  const times = { timestamp: new Date(EPOCH_MS + index).toISOString(), receivedAt };
  const value = Buffer.from(JSON.stringify({ ...call, userId, messageId, ...times }));
  const key = keyOf(connectorId, userId);
  return { key, record: { key, value, headers: headersOf(connectorId, messageId, receivedAt) } };
}

export function growthCommand(index: number, connectors: number, encoder: CommandEncoder): Sent {
  const user = activeUser(index);
  const connectorId = connectorOf(user, connectors);
  const userId = userIdOf(user);
  const messageId = messageIdOf(index);
  const id = commandId(connectorId, messageId, 'UpsertUser');
  const atMs = EPOCH_MS + index;
  const properties = { email: `${userId}@${emailDomainOf(user)}`, plan: 'enterprise', logins: index % 300 };
  const times = { occurredAt: atMs, receivedAt: atMs + 250 };
  const record = { commandId: id, connectorId, messageId, ...times, userId, properties };
  const headers = {
    ...headersOf(connectorId, messageId, new Date(atMs + 250).toISOString()),
    ...toHeaders({ [headerNames.commandId]: id }),
  };
  const key = keyOf(connectorId, userId);
  return { key, record: { key, value: encoder.encode({ kind: 'UpsertUser', record }), headers } };
}

/** The index of an event, from its message id. */
export function indexOf(messageId: string): number {
  return Number(messageId.slice(ID_PREFIX.length));
}

export function keyOf(connectorId: string, userId: string): Buffer {
  return Buffer.from(partitionKey(connectorId, { userId, anonymousId: undefined }) ?? '');
}

function messageIdOf(index: number): string {
  return ID_PREFIX + String(index).padStart(12, '0');
}

function headersOf(connectorId: string, messageId: string, receivedAt: string) {
  return toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: receivedAt,
  });
}
