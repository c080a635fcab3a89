/** Commands of a quiet connector and of one that floods, all on one partition. */
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import type { CommandEncoder } from '@astrolabe/records/serde';
import { commandId } from '@astrolabe/schemas';
import { partitionKey } from '@astrolabe/segment';

/** What the ids of the quiet connector's users begin with: the API stub keeps the times of their calls only. */
export const QUIET_USER_PREFIX = 'quiet-';
const PARTITION = 0;
const EPOCH_MS = Date.parse('2026-03-01T12:00:00.000Z');

/** Of a command, which is an upsert of one user: the dispatcher checks the id against the other two. */
export function commandIdOf(connectorId: string, number: number): string {
  return commandId(connectorId, messageIdOf(number), 'UpsertUser');
}

function messageIdOf(number: number): string {
  return `node-next-1772366400000-${number}`;
}

export function toRecord(number: number, connectorId: string, userId: string, encoder: CommandEncoder): OutgoingRecord {
  const messageId = messageIdOf(number);
  const id = commandIdOf(connectorId, number);
  const properties = { email: `${userId}@company.example`, firstName: 'Ann', plan: 'enterprise' };
  const times = { occurredAt: EPOCH_MS, receivedAt: EPOCH_MS + 250 };
  const value = encoder.encode({
    kind: 'UpsertUser',
    record: { commandId: id, connectorId, messageId, ...times, userId, properties },
  });
  const headers = toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: new Date(times.receivedAt).toISOString(),
    [headerNames.commandId]: id,
  });
  const key = partitionKey(connectorId, { userId, anonymousId: undefined });
  if (key === undefined) throw new Error('a user without a partition key');
  return { key: Buffer.from(key), value, headers, partition: PARTITION };
}
