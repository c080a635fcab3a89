import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_INLINE_BRACKETS, MAX_INLINE_BYTES, isReadInline } from './inline-body.ts';

test('a body is read inline only up to a number of bytes and a number of opening brackets', () => {
  const unit = fc.constantFrom('{}', '[', '{"a":1},', '"text"', '0,', ' ', 'é');
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), fc.integer({ min: 0, max: 12_000 }), (units, times) => {
      const text = units.join('').repeat(times);
      const brackets = text.match(/[[{]/g)?.length ?? 0;
      const isSmall = Buffer.byteLength(text) <= MAX_INLINE_BYTES && brackets <= MAX_INLINE_BRACKETS;
      assert.equal(isReadInline(Buffer.from(text)), isSmall);
    }),
  );
});

test('both bounds are inclusive', () => {
  assert.ok(isReadInline(Buffer.alloc(MAX_INLINE_BYTES, ' ')));
  assert.ok(!isReadInline(Buffer.alloc(MAX_INLINE_BYTES + 1, ' ')));
  assert.ok(isReadInline(Buffer.from('['.repeat(MAX_INLINE_BRACKETS) + ' '.repeat(10))));
  assert.ok(!isReadInline(Buffer.from('['.repeat(MAX_INLINE_BRACKETS + 1))));
});

test('a hundred events of the SDKs are read inline', () => {
  const event = {
    ...{ type: 'track', event: 'Report Opened', userId: 'user-4711', messageId: 'ajs-next-1f8b6e5c0f3a4d1b9c7e' },
    ...{
      timestamp: '2026-03-01T12:00:00.000Z',
      integrations: {},
      properties: { reportId: 4711, view: 'weekly revenue' },
    },
    context: { library: { name: '@segment/analytics-node', version: '3.1.0' } },
    _metadata: { nodeVersion: '24.21.0', jsRuntime: 'node' },
  };
  assert.ok(isReadInline(Buffer.from(JSON.stringify({ batch: Array(100).fill(event), writeKey: 'a-key' }))));
});
