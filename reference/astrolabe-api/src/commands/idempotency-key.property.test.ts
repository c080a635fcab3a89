import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadOpenApi } from '@astrolabe/schemas/testing';
import { readIdempotencyKey } from './idempotency-key.ts';

const contract = loadOpenApi();

function fitsDocument(header: string): boolean {
  return contract.errorsAt('/components/parameters/IdempotencyKey/schema', header).length === 0;
}

function isTaken(header: string): boolean {
  return readIdempotencyKey(header).kind === 'key';
}

test('the server takes exactly the idempotency keys that the document describes', () => {
  const escaped = fc.constantFrom('\\"', '\\\\', 'a', ' ', '~');
  const anything = fc.string({ maxLength: 300, unit: fc.constantFrom('"', '\\', ',', ' ', 'a', '\x7f', 'é', '!') });
  const inside = fc.oneof(fc.string({ minLength: 0, maxLength: 260, unit: escaped, size: 'max' }), anything);
  const header = fc.oneof(
    inside.map((text) => `"${text}"`),
    inside,
    fc.string({ unit: 'grapheme-ascii', maxLength: 260, size: 'max' }),
  );
  fc.assert(
    fc.property(header, (text) => {
      // A server never sees blanks around a header's value.
      assert.equal(isTaken(text.trim()), fitsDocument(text.trim()));
    }),
    { numRuns: 2_000 },
  );
});

test('a key has at most 255 characters, of which each may be escaped', () => {
  for (const [header, taken] of [
    [`"${'k'.repeat(255)}"`, true],
    [`"${'k'.repeat(256)}"`, false],
    [`"${'\\"'.repeat(255)}"`, true],
    [`"${'\\"'.repeat(256)}"`, false],
    ['k'.repeat(255), true],
    ['k'.repeat(256), false],
    ['""', false],
    ['"a", "b"', false],
    ['a, b', false],
    ['"a', false],
    ['"é"', false],
  ] as const) {
    assert.deepEqual([isTaken(header), fitsDocument(header)], [taken, taken], header.slice(0, 20));
  }
});
