import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeConnectorOffsets, encodeConnectorOffsets, splitTopicId, withTopicId } from './connector-offsets.ts';
import { COMMIT_MARK } from './state-position.ts';

const cursors = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })), {
  selector: ([group]) => group,
  maxLength: 60,
});

test('cursors come back from the metadata of a commit as they were', () => {
  fc.assert(
    fc.property(cursors, (entries) => {
      const { metadata, heldBackTo } = encodeConnectorOffsets(new Map(entries), 1_000_000);
      assert.equal(heldBackTo, undefined);
      assert.deepEqual([...(decodeConnectorOffsets(metadata) ?? [])], entries);
    }),
  );
});

test('a cursor that does not fit holds the committed offset back, and a cursor that fitted keeps its place when others come', () => {
  fc.assert(
    fc.property(cursors, fc.nat(300), (entries, maxBytes) => {
      const { metadata, heldBackTo } = encodeConnectorOffsets(new Map(entries), maxBytes);
      assert.ok(Buffer.byteLength(metadata) <= maxBytes);
      const kept = decodeConnectorOffsets(metadata);
      const rest = entries.filter(([group]) => kept?.has(group) !== true).map(([, offset]) => offset);
      const lowest = rest.reduce<bigint | undefined>(
        (low, offset) => (low === undefined || offset < low ? offset : low),
        undefined,
      );
      assert.equal(heldBackTo, lowest);
      const fewer = decodeConnectorOffsets(encodeConnectorOffsets(new Map(entries.slice(0, -1)), maxBytes).metadata);
      for (const [group] of fewer ?? []) assert.ok(kept?.has(group) === true);
    }),
  );
});

test('metadata of another program is told apart from no cursors', () => {
  assert.deepEqual(decodeConnectorOffsets(''), new Map());
  for (const foreign of ['hello', '{"a":1}', 'acme=', 'acme=1,', '%=1', 'acme=-1']) {
    assert.equal(decodeConnectorOffsets(foreign), undefined, foreign);
  }
});

test('the id of the topic is read back from beside the cursors, and both fit into what a broker keeps', () => {
  const ids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  const names = fc.string({ maxLength: 20 }).filter((name) => name !== '@');
  fc.assert(
    fc.property(ids, fc.array(fc.tuple(names, fc.bigInt({ min: 0n, max: 2n ** 62n }))), (topicId, entries) => {
      const { metadata } = encodeConnectorOffsets(new Map(entries));
      const kept = withTopicId(metadata, topicId);
      assert.deepEqual(splitTopicId(kept), { metadata, topicId });
      assert.ok(Buffer.byteLength(kept) <= 4_096);
      assert.deepEqual(splitTopicId(metadata), { metadata, topicId: undefined }, 'no group passes for an id');
      const asOlderVersionsRead = new Map(decodeConnectorOffsets(kept));
      assert.ok(asOlderVersionsRead.delete('@'), 'a version before this one still finds its cursors');
      assert.deepEqual(asOlderVersionsRead, decodeConnectorOffsets(metadata));
    }),
  );
});

test('a commit without an id, and the mark of the mapper, stay as they are', () => {
  assert.equal(withTopicId('acme=a1', undefined), 'acme=a1');
  assert.equal(withTopicId(COMMIT_MARK, 'QUFBQUFBQUFBQUFBQUFBQQ'), COMMIT_MARK);
  assert.deepEqual(splitTopicId('of another program'), { metadata: 'of another program', topicId: undefined });
});
