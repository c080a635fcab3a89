/**
 * A command record → the call that it stands for, for the baselines of the dispatcher: nothing is checked, and there is
 * one kind only.
 */
import { commandTypes } from '@astrolabe/schemas/avro';
import type { KafkaMessage } from 'kafkajs';

/** Confluent's framing: a zero and the schema's id. */
const FRAMING_BYTES = 5;

export function toCall({ value }: KafkaMessage) {
  if (value === null) throw new Error('a record without a value');
  const command = commandTypes.UpsertUser.fromBuffer(value.subarray(FRAMING_BYTES));
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
