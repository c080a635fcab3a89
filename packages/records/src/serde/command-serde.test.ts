import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandId, commandKinds, type Command, type CommandKind } from '@astrolabe/schemas';
import { avroOptions, commandSchemas, commandTypes } from '@astrolabe/schemas/avro';
import { PipelineError } from '@astrolabe/service-kit/errors';
import avro from 'avsc';
import { createCommandDecoder, createCommandEncoder, type DecodedCommand } from './command-serde.ts';
import { wireHeader } from './confluent-wire-format.ts';
import type { RegisteredSchema } from '../ports/schema-registry.ts';

const schemaIds = new Map(commandKinds.map((kind, index) => [kind, 101 + index]));

/** A registry that holds the current schemas and whatever a test adds, and counts what it is asked. */
function createRegistry(others: ReadonlyMap<number, unknown> = new Map()) {
  const asked: number[] = [];
  const types = new Map<number, avro.Type>();
  for (const [kind, id] of schemaIds) types.set(id, commandTypes[kind]);
  for (const [id, schema] of others) types.set(id, typeOf(schema));
  const schemaById = async (id: number) => {
    asked.push(id);
    const type = types.get(id);
    return type === undefined ? undefined : { kind: 'avro' as const, type };
  };
  return { asked, schemaById };
}

function typeOf(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as Parameters<typeof avro.Type.forSchema>[0], avroOptions());
}

const times = { occurredAt: 1_700_000_000_000, receivedAt: 1_700_000_000_001 };
const commonOf = (kind: CommandKind) => ({
  commandId: commandId('acme', 'm-1', kind),
  connectorId: 'acme',
  messageId: 'm-1',
  ...times,
});
const properties = { employees: 329, 'total billed': 830, big: 2n ** 60n, nested: [null, { a: -0.5 }] };
const commands: readonly Command[] = [
  { kind: 'UpsertUser', record: { ...commonOf('UpsertUser'), userId: 'u', properties } },
  { kind: 'UpsertAccount', record: { ...commonOf('UpsertAccount'), accountId: 'a', properties } },
  { kind: 'AssociateUser', record: { ...commonOf('AssociateUser'), accountId: 'a', userId: 'u' } },
  {
    kind: 'TrackEvent',
    record: {
      ...commonOf('TrackEvent'),
      event: 'e',
      userId: null,
      anonymousId: 'v',
      properties,
      userProperties: {},
    },
  },
  { kind: 'DeleteUser', record: { ...commonOf('DeleteUser'), userId: 'u' } },
];

const encoder = createCommandEncoder(schemaIds);

function framed(schemaId: number, payload: Uint8Array): Buffer {
  return Buffer.concat([wireHeader(schemaId), payload]);
}

async function reasonOf(decoded: DecodedCommand | Promise<DecodedCommand>): Promise<[string, string]> {
  const result = await decoded;
  assert.ok(result.kind === 'undecodable');
  return [result.code, result.reason];
}

test('every kind of command comes back as it went in, under the id of its schema', async () => {
  const decoder = createCommandDecoder(createRegistry());
  for (const command of commands) {
    const value = encoder.encode(command);
    assert.deepEqual(await decoder.decode(value), { kind: 'command', command, schemaId: schemaIds.get(command.kind) });
  }
});

test('commands of any size encode, each into bytes of its own', async () => {
  const decoder = createCommandDecoder(createRegistry());
  const sizes = [10, 16_370, 16_384, 100_000, 5, 300_000];
  const values = sizes.map((size) =>
    encoder.encode({
      kind: 'UpsertUser',
      record: { ...commonOf('UpsertUser'), userId: 'u', properties: { text: 'ü'.repeat(size) } },
    }),
  );
  for (const [index, value] of values.entries()) {
    const decoded = await decoder.decode(value);
    assert.ok(decoded.kind === 'command' && decoded.command.kind === 'UpsertUser');
    assert.equal(String(decoded.command.record.properties['text']).length, sizes[index]);
  }
});

test('a command that its schema cannot hold, or whose schema has no id, is not encoded', () => {
  assert.throws(() =>
    encoder.encode({
      kind: 'UpsertUser',
      record: { ...commonOf('UpsertUser'), userId: 'u', properties: { big: 2n ** 64n } },
    }),
  );
  assert.throws(() => createCommandEncoder(new Map()).encode(commands[0]!), /no schema id is known for UpsertUser/);
});

test('the registry is asked once for a schema, after which decoding is synchronous', async () => {
  const registry = createRegistry();
  const decoder = createCommandDecoder(registry);
  const value = encoder.encode(commands[0]!);
  await decoder.decode(value);
  assert.ok(!(decoder.decode(value) instanceof Promise));
  assert.deepEqual(registry.asked, [schemaIds.get('UpsertUser')]);
});

test('records that come before their schema is known share its look-up', async () => {
  const registry = createRegistry();
  const decoder = createCommandDecoder(registry);
  const command: Command = { kind: 'DeleteUser', record: { ...commonOf('DeleteUser'), userId: 'u' } };
  const value = createCommandEncoder(schemaIds).encode(command);
  const decoded = await Promise.all([decoder.decode(value), decoder.decode(value), decoder.decode(value)]);
  for (const each of decoded) assert.deepEqual(each.kind === 'command' && each.command, command);
  assert.deepEqual(registry.asked, [schemaIds.get('DeleteUser')]);
});

test('a value without the framing of a command is rejected without asking the registry', async () => {
  const registry = createRegistry();
  const decoder = createCommandDecoder(registry);
  for (const value of [null, Buffer.alloc(0), Buffer.from('{"userId":"u"}')]) {
    assert.equal((await reasonOf(decoder.decode(value)))[0], 'command.undecodable');
  }
  for (const schemaId of [0, -1, -(2 ** 31)]) {
    assert.deepEqual(await reasonOf(decoder.decode(framed(schemaId, Buffer.alloc(3)))), [
      'command.unknown-schema',
      `the registry has no schema ${schemaId}`,
    ]);
  }
  assert.deepEqual(registry.asked, []);
});

test('an id that the registry does not know is asked for again at the next record, since it may be registered by then', async () => {
  const registry = createRegistry();
  const decoder = createCommandDecoder(registry);
  const value = framed(7, Buffer.alloc(3));
  assert.deepEqual(await reasonOf(decoder.decode(value)), ['command.unknown-schema', 'the registry has no schema 7']);
  await decoder.decode(value);
  assert.deepEqual(registry.asked, [7, 7]);
});

test('Avro of another type is reported by name, record or not', async () => {
  const order = { type: 'record', name: 'Order', namespace: 'shop', fields: [{ name: 'id', type: 'string' }] };
  const decoder = createCommandDecoder(
    createRegistry(
      new Map<number, unknown>([
        [7, order],
        [8, 'string'],
      ]),
    ),
  );
  assert.deepEqual(await reasonOf(decoder.decode(framed(7, typeOf(order).toBuffer({ id: 'o' })))), [
    'command.wrong-type',
    'schema 7 is shop.Order, not a command',
  ]);
  assert.deepEqual(await reasonOf(decoder.decode(framed(8, typeOf('string').toBuffer('text')))), [
    'command.wrong-type',
    'schema 8 is string, not a command',
  ]);
});

test('a schema that is not Avro has the wrong type', async () => {
  const decoder = createCommandDecoder({
    schemaById: async () => ({ kind: 'other', description: 'a schema of type JSON' }),
  });
  assert.deepEqual(await reasonOf(decoder.decode(framed(7, Buffer.alloc(3)))), [
    'command.wrong-type',
    'schema 7 is a schema of type JSON, not a command',
  ]);
});

test('truncated bytes and trailing bytes are undecodable', async () => {
  const decoder = createCommandDecoder(createRegistry());
  for (const command of commands) {
    const value = encoder.encode(command);
    for (const length of [5, 6, 20, value.length - 1]) {
      assert.equal((await reasonOf(decoder.decode(value.subarray(0, length))))[0], 'command.undecodable');
    }
    const [code] = await reasonOf(decoder.decode(Buffer.concat([value, Buffer.from([0])])));
    assert.equal(code, 'command.undecodable');
  }
});

test('a time that a date cannot hold is undecodable, or it would throw wherever it is formatted', async () => {
  const decoder = createCommandDecoder(createRegistry());
  for (const late of [{ occurredAt: 8_640_000_000_000_001 }, { receivedAt: 8_640_000_000_000_001 }]) {
    const value = encoder.encode({ kind: 'DeleteUser', record: { ...commonOf('DeleteUser'), userId: 'u', ...late } });
    assert.equal((await reasonOf(decoder.decode(value)))[0], 'command.undecodable');
  }
});

interface Field {
  readonly name: string;
  readonly type: unknown;
}

function otherVersion(kind: CommandKind, change: (fields: readonly Field[]) => readonly Field[]): object {
  const { schema } = commandSchemas[kind];
  return { ...schema, fields: change(schema.fields) };
}

test('a command that another compatible version wrote is read as a command of this one', async () => {
  const older = otherVersion('DeleteUser', (fields) =>
    fields.map((field) => (field.name.endsWith('At') ? { name: field.name, type: 'int' } : field)),
  );
  const newer = otherVersion('DeleteUser', (fields) => [...fields, { name: 'reason', type: 'string' }]);
  const decoder = createCommandDecoder(
    createRegistry(
      new Map([
        [7, older],
        [8, newer],
      ]),
    ),
  );
  const record = { ...commonOf('DeleteUser'), occurredAt: 1, receivedAt: 2, userId: 'u' };
  const expected = { kind: 'DeleteUser', record };
  for (const [schemaId, payload] of [
    [7, typeOf(older).toBuffer(record)],
    [8, typeOf(newer).toBuffer({ ...record, reason: 'asked for' })],
  ] as const) {
    assert.deepEqual(await decoder.decode(framed(schemaId, payload)), { kind: 'command', command: expected, schemaId });
  }
});

test('a version that this build cannot read is of the wrong type', async () => {
  const foreign = otherVersion('DeleteUser', (fields) => fields.filter(({ name }) => name !== 'userId'));
  const decoder = createCommandDecoder(createRegistry(new Map([[7, foreign]])));
  const [code, reason] = await reasonOf(decoder.decode(framed(7, typeOf(foreign).toBuffer(commonOf('DeleteUser')))));
  assert.equal(code, 'command.wrong-type');
  assert.match(reason, /^schema 7 is astrolabe\.commands\.v1\.DeleteUser in a version that this build cannot read/);
});

test('an unreachable registry rejects and is asked again, because the record is not at fault', async () => {
  const fault = new PipelineError('registry.unavailable', 'connection refused', { retryable: true });
  const registry = createRegistry();
  let away = true;
  const decoder = createCommandDecoder({
    schemaById: (id) => (away ? Promise.reject(fault) : registry.schemaById(id)),
  });
  const value = encoder.encode(commands[4]!);
  await assert.rejects(async () => decoder.decode(value), fault);
  away = false;
  assert.equal((await decoder.decode(value)).kind, 'command');
});

test('a command id that cannot be sent as an idempotency key makes its record undecodable', async () => {
  const decoder = createCommandDecoder(createRegistry());
  for (const id of ['', 'a\r\nX: y', 'a"b', 'a\\', 'ü', 'a'.repeat(256)]) {
    const record = { ...commonOf('AssociateUser'), commandId: id, accountId: 'a', userId: 'u' };
    const decoded = await decoder.decode(encoder.encode({ kind: 'AssociateUser', record }));
    assert.ok(decoded.kind === 'undecodable', JSON.stringify(id));
    assert.match(decoded.reason, /idempotency key/);
  }
});

test('a command whose id belongs to another kind is not delivered: a restored registry may have exchanged schema ids', async () => {
  const exchanged = new Map<number, unknown>([
    [101, commandSchemas.UpsertAccount.schema],
    [102, commandSchemas.UpsertUser.schema],
  ]);
  const ids = new Map(schemaIds).set('UpsertUser', 101).set('UpsertAccount', 102);
  const decoder = createCommandDecoder(createRegistry(exchanged));
  const writer = createCommandEncoder(ids);
  assert.deepEqual(await reasonOf(decoder.decode(writer.encode(commands[1]!))), [
    'command.id-mismatch',
    'the command was written as UpsertAccount, but the registry says that schema 102 is UpsertUser; were schema ids exchanged?',
  ]);
  assert.equal((await reasonOf(decoder.decode(writer.encode(commands[0]!))))[0], 'command.id-mismatch');
});

test('an id that is derived from other ids than the command has is not delivered', async () => {
  const decoder = createCommandDecoder(createRegistry());
  for (const changed of [{ connectorId: 'other' }, { messageId: 'm-2' }, { commandId: 'f'.repeat(32) }]) {
    const record = { ...commonOf('DeleteUser'), ...changed, userId: 'u' };
    assert.deepEqual(await reasonOf(decoder.decode(encoder.encode({ kind: 'DeleteUser', record }))), [
      'command.id-mismatch',
      'the id of the command is not derived from its connector, messageId and kind (DeleteUser)',
    ]);
  }
});

test('once the registry is repaired its word is taken: what it said of a record that could not be read is not kept', async () => {
  const [user] = commands;
  assert.ok(user);
  const value = createCommandEncoder(new Map(schemaIds).set('UpsertUser', 7)).encode(user);
  const wrong: readonly RegisteredSchema[] = [
    { kind: 'avro', type: commandTypes.UpsertAccount },
    { kind: 'avro', type: commandTypes.AssociateUser },
    { kind: 'avro', type: typeOf('string') },
    { kind: 'other', description: 'a schema of type JSON' },
  ];
  for (const schema of wrong) {
    let answer = schema;
    const decoder = createCommandDecoder({ schemaById: async () => answer });
    await reasonOf(decoder.decode(value));
    answer = { kind: 'avro', type: commandTypes.UpsertUser };
    assert.equal((await decoder.decode(value)).kind, 'command', JSON.stringify(schema));
  }
});
