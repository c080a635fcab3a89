/** Records of the pipeline's topics, for tests. */
import { toDeadLetter, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import { commandId, type Command } from '@astrolabe/schemas';
import type { CommandDecoder } from '@astrolabe/records/serde';

export const AT_MS = Date.UTC(2026, 0, 1, 12);

export function eventRecord(messageId: string, text?: string, connector = 'acme', partition = 0): OutgoingRecord {
  const value = text ?? `{"type":"track","event":"Signed Up","userId":"u1","messageId":"${messageId}"}`;
  return {
    key: Buffer.from(`["${connector}","user","u1"]`),
    value: Buffer.from(value),
    headers: toHeaders({ 'connector-id': connector, 'message-id': messageId }),
    partition,
  };
}

export function deadEvent(
  messageId: string,
  cause: {
    readonly code?: 'event.unmappable' | 'event.invalid';
    readonly connector?: string;
    readonly atMs?: number;
  } = {},
): OutgoingRecord {
  const { code = 'event.unmappable', connector = 'acme', atMs = AT_MS } = cause;
  const { key, value, headers, partition = 0 } = eventRecord(messageId, undefined, connector);
  const source = { topic: 'segment.events.v1', partition, offset: 0n, timestampMs: atMs, key, value, headers };
  return { ...toDeadLetter(source, { code, message: `no: ${messageId}`, group: 'mapper', atMs }), partition };
}

export function upsertUser(messageId: string, properties: Record<string, bigint | string> = {}): Command {
  const id = commandId('acme', messageId, 'UpsertUser');
  const record = {
    commandId: id,
    connectorId: 'acme',
    messageId,
    occurredAt: AT_MS,
    receivedAt: AT_MS,
    userId: 'u1',
    properties,
  };
  return { kind: 'UpsertUser', record };
}

/** Commands as bytes that only `fakeDecoder` reads: a zero byte, as Confluent's framing begins, and a number. */
export class CommandBytes {
  readonly #commands: Command[] = [];

  encode(command: Command): Buffer {
    const number = this.#commands.push(command) - 1;
    return Buffer.from([0, 0, 0, 0, 1, number]);
  }

  decoder(): CommandDecoder {
    return {
      decode: (value) => {
        const command = this.#commands[value?.[5] ?? -1];
        return command === undefined
          ? { kind: 'undecodable', code: 'command.undecodable', reason: 'unknown' }
          : { kind: 'command', command, schemaId: 1 };
      },
    };
  }
}

export function commandRecord(command: Command, bytes: CommandBytes, partition = 0): OutgoingRecord {
  const { connectorId, messageId, commandId: id } = command.record;
  return {
    key: Buffer.from(`["${connectorId}","user","u1"]`),
    value: bytes.encode(command),
    headers: toHeaders({ 'connector-id': connectorId, 'message-id': messageId, 'command-id': id }),
    partition,
  };
}
