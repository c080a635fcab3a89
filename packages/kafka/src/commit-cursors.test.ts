import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCursors, encodeCursors } from './commit-cursors.ts';

const cursors = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })), {
  selector: ([group]) => group,
  maxLength: 60,
});

test('cursors come back from the metadata of a commit as they were', () => {
  fc.assert(
    fc.property(cursors, (entries) => {
      const { metadata, heldBackTo } = encodeCursors(new Map(entries), 1_000_000);
      assert.equal(heldBackTo, undefined);
      assert.deepEqual([...(decodeCursors(metadata) ?? [])], entries);
    }),
  );
});

test('what finds no place holds the committed offset back, and whoever had a place keeps it while others come', () => {
  fc.assert(
    fc.property(cursors, fc.nat(300), (entries, maxBytes) => {
      const { metadata, heldBackTo } = encodeCursors(new Map(entries), maxBytes);
      assert.ok(Buffer.byteLength(metadata) <= maxBytes);
      const kept = decodeCursors(metadata);
      const rest = entries.filter(([group]) => kept?.has(group) !== true).map(([, offset]) => offset);
      const lowest = rest.reduce<bigint | undefined>(
        (low, offset) => (low === undefined || offset < low ? offset : low),
        undefined,
      );
      assert.equal(heldBackTo, lowest);
      const fewer = decodeCursors(encodeCursors(new Map(entries.slice(0, -1)), maxBytes).metadata);
      for (const [group] of fewer ?? []) assert.ok(kept?.has(group) === true);
    }),
  );
});

test('metadata of another program is told apart from no cursors', () => {
  assert.deepEqual(decodeCursors(''), new Map());
  for (const foreign of ['hello', '{"a":1}', 'acme=', 'acme=1,', '%=1', 'acme=-1']) {
    assert.equal(decodeCursors(foreign), undefined, foreign);
  }
});
