import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OutgoingRecord } from '@astrolabe/records';
import { packRecords, unpackRecords } from './pack-records.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const nullable = fc.option(bytes);
const name = fc.constantFrom('connector-id', 'received-at', 'message-id', 'dlq.code', '');

/** Records some of whose header values are one object. */
const someRecords = fc.array(bytes, { minLength: 1, maxLength: 4 }).chain((shared) => {
  const value = fc.oneof(fc.constantFrom(...shared), bytes);
  const headers = fc.uniqueArray(fc.tuple(name, value), { selector: ([each]) => each }).map(Object.fromEntries);
  return fc.array(fc.record({ key: nullable, value: nullable, headers }));
}) as fc.Arbitrary<OutgoingRecord[]>;

test('records that were packed, handed over and unpacked are the same, with their headers in the same order', () => {
  fc.assert(
    fc.property(someRecords, (records) => {
      const packed = packRecords(records);
      const received = structuredClone(packed, { transfer: [packed.bytes.buffer, packed.layout.buffer] });
      assert.equal(packed.bytes.length, 0, 'handed over, not copied');
      const unpacked = unpackRecords(received);
      assert.deepEqual(
        unpacked,
        records.map((record) => ({ ...record, headers: { ...record.headers } })),
      );
      assert.deepEqual(
        unpacked.map(({ headers }) => Object.keys(headers)),
        records.map(({ headers }) => Object.keys(headers)),
      );
    }),
  );
});

test('a header value that the records of a request share is packed once, and shared again when they are unpacked', () => {
  const connectorId = Buffer.from('a-connector');
  const records = Array.from({ length: 100 }, (_, index) => ({
    key: null,
    value: Buffer.from([index]),
    headers: { 'connector-id': connectorId },
  }));
  const packed = packRecords(records);
  assert.equal(packed.bytes.length, 100 + connectorId.length);
  const [first, ...others] = unpackRecords(packed);
  for (const { headers } of others) assert.equal(headers['connector-id'], first?.headers['connector-id']);
});
