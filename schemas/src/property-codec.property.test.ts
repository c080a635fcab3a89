import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import fc from 'fast-check';
import { commandSchemas, decodeCommand, encodeCommand } from './command-schemas.ts';
import type { Command, UpsertUser } from './generated/commands.ts';
import { findPropertyDefects, type PropertyMap, type PropertyValue } from './property-value.ts';

const schema = commandSchemas.UpsertUser.schema as unknown as Parameters<typeof avro.Type.forSchema>[0];
const plainAvsc = avro.Type.forSchema(schema);

const name = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'value', 'long', ''),
);
const wholeNumber = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    2 ** 52,
    -(2 ** 52),
    2 ** 52 - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    2 ** 30,
    -(2 ** 30),
  ),
);
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  wholeNumber,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary', minLength: 60, maxLength: 70 }),
);
const large = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .filter((value) => !Number.isSafeInteger(Number(value)));

function ownEntries<T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.array(fc.tuple(name, values), { maxLength: 6 }).map((entries) => Object.fromEntries(entries));
}

function propertyMap(scalar: fc.Arbitrary<PropertyValue>): fc.Arbitrary<PropertyMap> {
  const { value } = fc.letrec<{ value: PropertyValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 6 }),
      ownEntries(tie('value')),
    ),
  }));
  return ownEntries(value);
}

function userWith(properties: PropertyMap): Command & { record: UpsertUser } {
  const commandId = '0123456789abcdef0123456789abcdef';
  const common = { commandId, connectorId: 'acme', messageId: 'm-1', occurredAt: 1_700_000_000_000, receivedAt: -1 };
  return { kind: 'UpsertUser', record: { ...common, userId: 'userId123', properties } };
}

/** What avsc wants without our types: every value wrapped in the name of its branch. */
function wrapped(value: PropertyValue): unknown {
  if (value === null) return { value: null };
  if (typeof value === 'object') {
    if (Array.isArray(value)) return { value: { array: value.map(wrapped) } };
    const entries = Object.entries(value).map(([name, member]) => ({ name, value: wrapped(member) }));
    return { value: { 'astrolabe.commands.v1.PropertyObject': { entries } } };
  }
  if (typeof value !== 'number') return { value: { [typeof value]: value } };
  const branch = Number.isSafeInteger(value) && !Object.is(value, -0) ? 'long' : 'double';
  return { value: { [branch]: value } };
}

function wrappedMap(map: PropertyMap): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, wrapped(value)]));
}

test('every property map survives Avro unchanged, including 64-bit longs and odd names', () => {
  fc.assert(
    fc.property(propertyMap(fc.oneof(leaf, large)), (properties) => {
      assert.deepEqual(findPropertyDefects(properties), []);
      const command = userWith(properties);
      const decoded = decodeCommand('UpsertUser', encodeCommand(command));
      assert.deepStrictEqual(decoded, wellFormed(command));
    }),
    { numRuns: 500 },
  );
});

test('the bytes are those that avsc writes with its own types, so any Avro library can read them', () => {
  // avsc's own long stops two short of 2^53; its own strings carry invalid UTF-8 for unpaired surrogates.
  const comparable = fc.oneof(leaf, fc.constant(0)).map((value) => {
    if (typeof value === 'string') return value.toWellFormed();
    return typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) >= 2 ** 52 ? value / 4 : value;
  });
  fc.assert(
    fc.property(propertyMap(comparable), (properties) => {
      const { record } = userWith(wellFormed(properties));
      const bytes = encodeCommand({ kind: 'UpsertUser', record });
      const theirs = { ...record, properties: wrappedMap(record.properties) };
      assert.ok(bytes.equals(plainAvsc.toBuffer(theirs)));
    }),
    { numRuns: 300 },
  );
});

test('a bigint within ±2^53 comes back as the number that it equals', () => {
  fc.assert(
    fc.property(wholeNumber, (value) => {
      const { record } = userWith({ value: BigInt(value) });
      const decoded = decodeCommand('UpsertUser', encodeCommand({ kind: 'UpsertUser', record }));
      assert.deepStrictEqual(decoded, userWith({ value }));
    }),
  );
});

test('corrupt bytes are refused or read as another command, but never hang or crash', () => {
  const bytes = encodeCommand(userWith({ name: 'Initech', list: [1, 'a', { b: 2 ** 60 + 1 }], '': [[]] }));
  const corruption = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(corruption, fc.nat(bytes.length), (changes, length) => {
      const corrupt = Buffer.from(bytes);
      for (const [position, byte] of changes) corrupt[position] = byte;
      try {
        decodeCommand('UpsertUser', corrupt.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
    { numRuns: 2_000 },
  );
});

/** The same data with each unpaired surrogate replaced, which is what UTF-8 can hold. */
function wellFormed<T>(data: T): T {
  if (typeof data === 'string') return data.toWellFormed() as T;
  if (Array.isArray(data)) return data.map(wellFormed) as T;
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key.toWellFormed(), wellFormed(value)])) as T;
}
