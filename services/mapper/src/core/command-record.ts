/** Turns a command into its record. */
import { headerNames, headerText, type ConsumedRecord, type OutgoingRecord } from '@astrolabe/records';
import type { Command } from '@astrolabe/schemas';
import { encodeKey, parseTimestamp, type ClampedTime } from '@astrolabe/segment';

/**
 * The key names what the command changes, so that all changes of one user (or account) keep their order. Headers are
 * the source's, so that trace and replay marks are passed on. The command's id is added, and so is the event's own time
 * if it was impossible.
 */
export function commandRecord(
  command: Command,
  value: Buffer,
  source: ConsumedRecord,
  clamped: ClampedTime | undefined,
): OutgoingRecord {
  const { commandId, connectorId, messageId, receivedAt } = command.record;
  const headers: Record<string, Buffer> = { ...source.headers };
  // Nearly every source has the headers that ingest wrote, so those are reused.
  headers[headerNames.connectorId] ??= Buffer.from(connectorId, 'utf8');
  if (headerText(source, headerNames.messageId) !== messageId) {
    headers[headerNames.messageId] = Buffer.from(messageId, 'utf8');
  }
  if (parseTimestamp(headerText(source, headerNames.receivedAt)) !== receivedAt) {
    headers[headerNames.receivedAt] = Buffer.from(new Date(receivedAt).toISOString(), 'latin1');
  }
  headers[headerNames.commandId] = Buffer.from(commandId, 'latin1');
  if (clamped !== undefined) headers[headerNames.occurredAtClamped] = Buffer.from(clamped.original, 'utf8');
  return { key: Buffer.from(commandKey(command), 'utf8'), value, headers };
}

export function commandKey({ kind, record }: Command): string {
  switch (kind) {
    case 'UpsertAccount':
      return encodeKey(record.connectorId, 'account', record.accountId);
    case 'TrackEvent':
      return record.userId === null
        ? encodeKey(record.connectorId, 'anonymous', record.anonymousId ?? '')
        : encodeKey(record.connectorId, 'user', record.userId);
    case 'UpsertUser':
    case 'AssociateUser':
    case 'DeleteUser':
      return encodeKey(record.connectorId, 'user', record.userId);
  }
}
