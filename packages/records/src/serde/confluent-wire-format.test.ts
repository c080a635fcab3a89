import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseWireFormat, wireHeader } from './confluent-wire-format.ts';

test('the header is a zero byte and the schema id, big-endian', () => {
  assert.deepEqual(wireHeader(1), Buffer.from([0, 0, 0, 0, 1]));
  assert.deepEqual(wireHeader(2 ** 31 - 1), Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]));
});

test('a payload behind a header comes back with its schema id', () => {
  const id = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(id, fc.uint8Array(), (schemaId, bytes) => {
      const framed = parseWireFormat(Buffer.concat([wireHeader(schemaId), bytes]));
      assert.ok(framed.kind === 'framed');
      assert.equal(framed.schemaId, schemaId);
      assert.deepEqual(framed.payload, Buffer.from(bytes));
    }),
  );
});

test('a value without the framing says why', () => {
  const reasonOf = (value: Buffer | null) => {
    const framed = parseWireFormat(value);
    return framed.kind === 'unframed' ? framed.reason : undefined;
  };
  assert.equal(reasonOf(null), 'the value is null');
  assert.equal(reasonOf(Buffer.alloc(0)), '0 bytes are too short for a magic byte and a schema id');
  assert.equal(reasonOf(Buffer.alloc(4)), '4 bytes are too short for a magic byte and a schema id');
  assert.equal(reasonOf(Buffer.from('{"a":1}')), 'the magic byte is 123, expected 0');
  assert.equal(reasonOf(Buffer.alloc(5)), undefined);
});
