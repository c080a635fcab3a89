/**
 * A command record → the call that it stands for, for the baselines of the dispatcher: nothing is checked, and there is
 * one kind only.
 */
import { commandTypes } from '@astrolabe/schemas/avro';
import type { KafkaMessage } from 'kafkajs';

/** Confluent's framing: a zero and the schema's id. */
const FRAMING_BYTES = 5;

export function toCall({ value }: KafkaMessage) {
  const command = commandOf(value);
  return {
    method: 'PUT' as const,
    path: `/v1/users/${encodeURIComponent(command.userId)}`,
    headers: {
      authorization: 'Bearer bench',
      'content-type': 'application/json',
      'idempotency-key': `"${command.commandId}"`,
    },
    body: JSON.stringify({
      occurredAt: new Date(command.occurredAt).toISOString(),
      properties: command.properties,
    }),
  };
}

/** Many commands in one call. */
export function toBulkCall(messages: readonly KafkaMessage[]) {
  const commands = messages.map(({ value }) => {
    const { commandId, userId, occurredAt, properties } = commandOf(value);
    return { id: commandId, occurredAt: new Date(occurredAt).toISOString(), kind: 'upsertUser', userId, properties };
  });
  return {
    method: 'POST' as const,
    path: '/v1/commands',
    headers: { authorization: 'Bearer bench', 'content-type': 'application/json' },
    body: JSON.stringify({ commands }),
  };
}

function commandOf(value: Buffer | null) {
  if (value === null) throw new Error('a record without a value');
  return commandTypes.UpsertUser.fromBuffer(value.subarray(FRAMING_BYTES));
}
