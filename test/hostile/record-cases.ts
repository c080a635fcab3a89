/** Records that neither ingest nor the mapper writes, on the topics that the mapper and the dispatcher read. */
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import type { CommandEncoder } from '@astrolabe/records/serde';
import { commandId } from '@astrolabe/schemas';

export interface RecordCase {
  readonly name: string;
  readonly record: OutgoingRecord;
  /** Code of the dead letter that it must end as. */
  readonly code: string;
}

const text = (value: string): Buffer => Buffer.from(value, 'utf8');

/** As many different headers as the largest record holds. */
function manyHeaders(count: number): Record<string, Buffer> {
  const headers: Record<string, Buffer> = {};
  for (let index = 0; index < count; index += 1) headers[index.toString(36)] = Buffer.alloc(0);
  return headers;
}

const MANY = 130_000;
const STRANGERS = 500;

/** Events as ingest does not write them. */
export function eventRecords(connectorId: string): readonly RecordCase[] {
  const headers = toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: 'm',
    [headerNames.receivedAt]: '2026-03-01T10:00:00.000Z',
  });
  const good = text('{"type":"identify","messageId":"m","userId":"direct"}');
  const cases: readonly (readonly [string, string, Partial<OutgoingRecord>])[] = [
    ['a null value', 'event.invalid', { value: null }],
    ['a null key and a null value', 'event.invalid', { key: null, value: null }],
    ['an empty value', 'event.invalid-json', { value: Buffer.alloc(0) }],
    ['no JSON', 'event.invalid-json', { value: text('banana') }],
    ['Avro', 'event.invalid-json', { value: Buffer.from([0, 0, 0, 0, 1, 2, 0xff, 0xfe]) }],
    ['JSON that is cut off', 'event.invalid-json', { value: good.subarray(0, 20) }],
    ['JSON that nests 400,000 levels', 'event.invalid-json', { value: text('['.repeat(400_000)) }],
    ['a list', 'event.invalid', { value: text('[]') }],
    ['no connector', 'event.invalid', { headers: {} }],
    ['an unknown type', 'event.unknown-type', { value: text('{"type":"nonsense","messageId":"m","userId":"u"}') }],
    ['no headers but very many', 'event.invalid', { headers: manyHeaders(MANY) }],
    ['very many headers', 'event.invalid-json', { value: text('{'), headers: { ...manyHeaders(MANY), ...headers } }],
    [
      'a header of 900 KB',
      'event.invalid-json',
      { value: text('{'), headers: { ...headers, [headerNames.connectorId]: Buffer.alloc(900_000, 0x61) } },
    ],
  ];
  return cases.map(([name, code, changes]) => ({
    name,
    code,
    record: { key: text(`["${connectorId}","user","direct"]`), value: good, headers, ...changes },
  }));
}

/** Commands as the mapper does not write them. */
export function commandRecords(
  connectorId: string,
  encoder: CommandEncoder,
  otherSchemaId: number,
): readonly RecordCase[] {
  const headers = toHeaders({ [headerNames.connectorId]: connectorId, [headerNames.messageId]: 'm' });
  const encoded = encodeUpsert(encoder, connectorId, 0);
  const withSchema = (id: number): Buffer => {
    const changed = Buffer.from(encoded);
    changed.writeInt32BE(id, 1);
    return changed;
  };
  const otherMagic = Buffer.from(encoded);
  otherMagic[0] = 1;
  const cases: readonly (readonly [string, string, Partial<OutgoingRecord>])[] = [
    ['a null value', 'command.undecodable', { value: null }],
    ['a null key and a null value', 'command.undecodable', { key: null, value: null }],
    ['an empty value', 'command.undecodable', { value: Buffer.alloc(0) }],
    ['no Avro', 'command.undecodable', { value: text('{"type":"identify"}') }],
    ['Avro that is cut short', 'command.undecodable', { value: encoded.subarray(0, encoded.length - 3) }],
    ['the framing alone', 'command.undecodable', { value: encoded.subarray(0, 5) }],
    ['half the framing', 'command.undecodable', { value: encoded.subarray(0, 3) }],
    ['bytes behind the Avro', 'command.undecodable', { value: Buffer.concat([encoded, Buffer.from([1, 2, 3])]) }],
    ['another magic byte', 'command.undecodable', { value: otherMagic }],
    ['a schema that is not a command', 'command.wrong-type', { value: withSchema(otherSchemaId) }],
    ['a schema that nobody has', 'command.unknown-schema', { value: withSchema(2_000_000_000) }],
    ['the schema -1', 'command.unknown-schema', { value: withSchema(-1) }],
    ['very many headers', 'command.undecodable', { value: text('x'), headers: { ...manyHeaders(MANY), ...headers } }],
    [
      'a header of 900 KB',
      'command.undecodable',
      { value: text('x'), headers: { ...headers, [headerNames.connectorId]: Buffer.alloc(900_000, 0x61) } },
    ],
    ['a connector id of 200 KB', 'command.connector-unknown', { value: encodeUpsert(encoder, 'x'.repeat(200_000), 0) }],
    [
      'a command id that cannot be a header',
      'command.undecodable',
      { value: encodeUpsert(encoder, connectorId, 0, 'a\r\nX: y') },
    ],
    [
      'a command id of 200 KB',
      'command.undecodable',
      { value: encodeUpsert(encoder, connectorId, 0, 'a'.repeat(200_000)) },
    ],
    [
      'the id of another kind, as with exchanged schemas',
      'command.id-mismatch',
      { value: encodeUpsert(encoder, connectorId, 0, commandId(connectorId, 'm-0', 'UpsertAccount')) },
    ],
    [
      'an id that belongs to nothing',
      'command.id-mismatch',
      { value: encodeUpsert(encoder, connectorId, 0, 'f'.repeat(32)) },
    ],
    ...Array.from({ length: STRANGERS }, (_, index): readonly [string, string, Partial<OutgoingRecord>] => {
      const stranger = `stranger-${index}`;
      return [
        'a connector that nobody has',
        'command.connector-unknown',
        {
          key: text(`["${stranger}","user","direct"]`),
          value: encodeUpsert(encoder, stranger, index + 1),
          headers: toHeaders({ [headerNames.connectorId]: stranger, [headerNames.messageId]: 'm' }),
        },
      ];
    }),
  ];
  return cases.map(([name, code, changes]) => ({
    name,
    code,
    record: { key: text(`["${connectorId}","user","direct"]`), value: encoded, headers, ...changes },
  }));
}

/** Events of connectors that nobody has, which are mapped all the same. */
export function strangersEvents(): readonly OutgoingRecord[] {
  return Array.from({ length: STRANGERS }, (_, index) => ({
    key: text(`["stranger-${index}","user","u"]`),
    value: text(`{"type":"page","messageId":"stranger-${index}","userId":"u"}`),
    headers: toHeaders({
      [headerNames.connectorId]: `stranger-${index}`,
      [headerNames.messageId]: 'm',
      [headerNames.receivedAt]: '2026-03-01T10:00:00.000Z',
    }),
  }));
}

/** An event that is whole but for its key. */
export function keylessEvent(connectorId: string): OutgoingRecord {
  return {
    key: null,
    value: text('{"type":"identify","messageId":"keyless","userId":"keyless-event"}'),
    headers: toHeaders({
      [headerNames.connectorId]: connectorId,
      [headerNames.messageId]: 'keyless',
      [headerNames.receivedAt]: '2026-03-01T10:00:00.000Z',
    }),
  };
}

/** A command that is whole but for its key. */
export function keylessCommand(connectorId: string, encoder: CommandEncoder): OutgoingRecord {
  return {
    key: null,
    value: encodeUpsert(encoder, connectorId, 1_000_000, undefined, 'keyless-command'),
    headers: toHeaders({ [headerNames.connectorId]: connectorId, [headerNames.messageId]: 'keyless' }),
  };
}

/** A command as the mapper writes it. */
export function encodeUpsert(
  encoder: CommandEncoder,
  connectorId: string,
  number: number,
  id = commandId(connectorId, `m-${number}`, 'UpsertUser'),
  userId = 'direct',
): Buffer {
  return encoder.encode({
    kind: 'UpsertUser',
    record: {
      commandId: id,
      connectorId,
      messageId: `m-${number}`,
      userId,
      occurredAt: 1_772_359_200_000,
      receivedAt: 1_772_359_200_000,
      properties: {},
    },
  });
}
