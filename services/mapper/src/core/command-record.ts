/** A command → the record that carries it. */
import { headerNames, toHeaders, type ConsumedRecord, type OutgoingRecord } from '@astrolabe/kafka';
import type { Command } from '@astrolabe/schemas';
import { encodeKey } from '@astrolabe/segment';

/**
 * The key names what the command changes, so that all changes of one user (or account) stay in order. Headers are the source's, so that
 * trace and replay marks go on, with the command's id added.
 */
export function commandRecord(command: Command, value: Buffer, source: ConsumedRecord): OutgoingRecord {
  const { commandId, connectorId, messageId, receivedAt } = command.record;
  return {
    key: Buffer.from(commandKey(command), 'utf8'),
    value,
    headers: {
      ...source.headers,
      ...toHeaders({
        [headerNames.connectorId]: connectorId,
        [headerNames.messageId]: messageId,
        [headerNames.receivedAt]: new Date(receivedAt).toISOString(),
        [headerNames.commandId]: commandId,
      }),
    },
  };
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
