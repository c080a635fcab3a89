import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordSizeBytes } from './record.ts';

test('the size of a record is never below what the broker counts, headers and framing included', () => {
  assert.equal(recordSizeBytes({ key: null, value: null, headers: {} }), 40);
  assert.equal(
    recordSizeBytes({ key: Buffer.alloc(3), value: Buffer.alloc(500), headers: { abc: Buffer.alloc(7) } }),
    40 + 3 + 500 + 1 + 3 + 1 + 7,
  );
});

test('headers are charged with their bytes on the wire, so that however many a record has, its dead letter has a place', () => {
  const sizes = [0, 1, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576];
  for (const size of sizes) {
    const lengthBytes = size < 64 ? 1 : size < 8_192 ? 2 : size < 1_048_576 ? 3 : 4;
    const headers = { a: Buffer.alloc(size) };
    assert.equal(recordSizeBytes({ key: null, value: null, headers }), 40 + 2 + lengthBytes + size);
  }
  const name = '\u{1F600}'.repeat(100);
  assert.equal(recordSizeBytes({ key: null, value: null, headers: { [name]: Buffer.alloc(0) } }), 40 + 2 + 400 + 1);
});
