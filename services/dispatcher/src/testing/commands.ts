import type { Command } from '@astrolabe/schemas';

export const receivedAtMs = Date.UTC(2025, 10, 24, 10, 30);

export const common = {
  commandId: '0123456789abcdef0123456789abcdef',
  connectorId: 'acme',
  messageId: 'm-1',
  occurredAt: Date.UTC(2025, 10, 24, 10, 0),
  receivedAt: receivedAtMs,
};

export function upsertUser(fields: Partial<Extract<Command, { kind: 'UpsertUser' }>['record']> = {}): Command {
  return { kind: 'UpsertUser', record: { ...common, userId: 'u', properties: {}, ...fields } };
}
