import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerNameIn } from './header-names.ts';

/**
 * Few characters and few lengths: names that share a slot, and differ in what the slot does not depend on, come often.
 */
const similar = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 8 }).map((text) => Buffer.from(text));
const any = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));

test('a name reads as its bytes do in UTF-8, whatever was read before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(similar, any), { minLength: 1, maxLength: 100 }), (names) => {
      for (const name of names) {
        const bytes = Buffer.concat([Buffer.from('before'), name, Buffer.from('after')]);
        assert.equal(headerNameIn(bytes, 6, 6 + name.length), name.toString('utf8'));
      }
    }),
  );
});

test('a name that the bytes end within reads as what is there', () => {
  assert.equal(headerNameIn(Buffer.from('connector'), 3, 20), 'nector');
});
