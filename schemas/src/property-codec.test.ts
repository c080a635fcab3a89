import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTypes, decodeCommand, encodeCommand, typeOf, commandSchemas } from './command-schemas.ts';
import type { Command, UpsertUser } from './generated/commands.ts';
import type { PropertyMap } from './property-value.ts';

function userWith(properties: PropertyMap, userId = 'u'): Command & { record: UpsertUser } {
  const record = {
    commandId: 'c',
    connectorId: 'acme',
    messageId: 'm',
    occurredAt: 1,
    receivedAt: 2,
    userId,
    properties,
  };
  return { kind: 'UpsertUser', record };
}

test('a decoded command is plain data', () => {
  const decoded = decodeCommand('UpsertUser', encodeCommand(userWith({ employees: 329, 'total billed': 830 })));
  assert.equal(Object.getPrototypeOf(decoded.record), Object.prototype);
  assert.deepStrictEqual(decoded, userWith({ employees: 329, 'total billed': 830 }));
});

test('an unpaired surrogate becomes one replacement character, in short and long texts, names and ids', () => {
  const command = userWith({ short: 'cut \ud83d', long: `${'x'.repeat(80)}\udc00`, 'na\ud800me': '😀' }, 'id\ud800');
  assert.deepStrictEqual(
    decodeCommand('UpsertUser', encodeCommand(command)),
    userWith({ short: 'cut \ufffd', long: `${'x'.repeat(80)}\ufffd`, 'na\ufffdme': '😀' }, 'id\ufffd'),
  );
});

test("a command larger than avsc's internal buffer is written completely", () => {
  const command = userWith({
    text: 'é'.repeat(200_000),
    large: 2n ** 60n,
    list: Array.from({ length: 5_000 }, (_, i) => i),
  });
  assert.deepStrictEqual(decodeCommand('UpsertUser', encodeCommand(command)), command);
});

test('a value that Avro cannot hold is refused when it is written', () => {
  for (const value of [2n ** 63n, Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1]) {
    assert.throws(() => encodeCommand(userWith({ value } as unknown as PropertyMap)));
    assert.equal(commandTypes.UpsertUser.isValid(userWith({ value } as unknown as PropertyMap).record), false);
  }
});

test('a corrupt count of items is refused at once', () => {
  const bytes = encodeCommand(userWith({ list: [] }));
  // The bytes end in: length of "list", "list", branch array, end of array, end of map.
  const huge = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07]);
  const corrupt = Buffer.concat([bytes.subarray(0, -2), huge]);
  assert.throws(() => decodeCommand('UpsertUser', corrupt), /truncated/);
});

test('trailing bytes are refused', () => {
  const bytes = encodeCommand(userWith({}));
  assert.throws(() => decodeCommand('UpsertUser', Buffer.concat([bytes, Buffer.from([0])])), /trailing/);
});

test('the rest of avsc works on the types: validation paths, clones, Avro JSON, resolution', () => {
  const type = commandTypes.UpsertUser;
  const { record } = userWith({ a: [1, { b: null }], c: 1.5, d: 'x', e: true });
  assert.deepStrictEqual(type.clone(record), record);
  assert.deepStrictEqual(type.fromString(type.toString(record)), record);
  const writer = typeOf(commandSchemas.UpsertUser.schema);
  assert.deepStrictEqual(type.fromBuffer(writer.toBuffer(record), type.createResolver(writer)), record);
  const paths: string[][] = [];
  type.isValid(userWith({ a: Number.NaN }).record, { errorHook: (path) => paths.push(path) });
  assert.deepEqual(paths, [['properties', 'a']]);
});
