/** Commands of a quiet connector and of one that floods, all on one partition. */
import { headerNames, toHeaders, type CommandEncoder, type OutgoingRecord } from '@astrolabe/kafka';
import { partitionKey } from '@astrolabe/segment';

/** First digit of the ids of their commands. */
export const QUIET_ID_PREFIX = 'a';
export const FLOOD_ID_PREFIX = 'b';
const PARTITION = 0;
const EPOCH_MS = Date.parse('2026-03-01T12:00:00.000Z');

/** 32 hexadecimal digits, as ids have. */
export function commandIdOf(prefix: string, number: number): string {
  return prefix + number.toString(16).padStart(31, '0');
}

export function toRecord(
  commandId: string,
  connectorId: string,
  userId: string,
  encoder: CommandEncoder,
): OutgoingRecord {
  const messageId = `node-next-1772366400000-${commandId}`;
  const properties = { email: `${userId}@company.example`, firstName: 'Ann', plan: 'enterprise' };
  const times = { occurredAt: EPOCH_MS, receivedAt: EPOCH_MS + 250 };
  const value = encoder.encode({
    kind: 'UpsertUser',
    record: { commandId, connectorId, messageId, ...times, userId, properties },
  });
  const headers = toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: new Date(times.receivedAt).toISOString(),
    [headerNames.commandId]: commandId,
  });
  const key = partitionKey(connectorId, { userId, anonymousId: undefined });
  if (key === undefined) throw new Error('a user without a partition key');
  return { key: Buffer.from(key), value, headers, partition: PARTITION };
}
