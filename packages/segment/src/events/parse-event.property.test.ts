import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEvent } from './parse-event.ts';
import { partitionKey } from './partition-key.ts';
import { anyEventLike, anyJson } from '../testing.ts';

test('any JSON is an event or has at least one defect, and nothing throws', () => {
  fc.assert(
    fc.property(fc.oneof(anyJson(), anyEventLike()), (input) => {
      const parsed = parseEvent(input);
      assert.ok(parsed.kind === 'event' || parsed.defects.length > 0);
    }),
    { numRuns: 500 },
  );
});

test('every event has an identity that orders it', () => {
  fc.assert(
    fc.property(anyEventLike(), (input) => {
      const parsed = parseEvent(input);
      fc.pre(parsed.kind === 'event');
      assert.equal(typeof partitionKey('acme', parsed.event), 'string');
    }),
  );
});

test('the order of the fields does not matter', () => {
  fc.assert(
    fc.property(anyEventLike(), (input) => {
      const reversed = Object.fromEntries(Object.entries(input as object).reverse());
      assert.deepEqual(parseEvent(reversed), parseEvent(input));
    }),
  );
});
