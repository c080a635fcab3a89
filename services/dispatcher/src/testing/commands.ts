import { commandId, type Command } from '@astrolabe/schemas';

export const receivedAtMs = Date.UTC(2025, 10, 24, 10, 30);

export const common = {
  commandId: commandId('acme', 'm-1', 'UpsertUser'),
  connectorId: 'acme',
  messageId: 'm-1',
  occurredAt: Date.UTC(2025, 10, 24, 10, 0),
  receivedAt: receivedAtMs,
};

/** With the id that belongs to it, unless `fields` has another one. */
export function upsertUser(fields: Partial<Extract<Command, { kind: 'UpsertUser' }>['record']> = {}): Command {
  const record = { ...common, userId: 'u', properties: {}, ...fields };
  const id = fields.commandId ?? commandId(record.connectorId, record.messageId, 'UpsertUser');
  return { kind: 'UpsertUser', record: { ...record, commandId: id } };
}
