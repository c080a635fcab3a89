import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY_BYTES, tagOf, writeCommandKey } from './command-key.ts';
import { commandIdOf } from './testing/deliveries.ts';

function keyOf(commandId: string): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  writeCommandKey(commandId, key);
  return key;
}

test('the key of an id of 32 lower-case hexadecimal digits is its value', () => {
  for (const id of ['00112233445566778899aabbccddeeff', 'f'.repeat(32), commandIdOf('any')]) {
    assert.equal(keyOf(id).toString('hex'), id);
  }
});

test('ids of any other form have keys of their own', () => {
  const hex = 'abcdef0123456789abcdef0123456789';
  const ids = [hex, hex.toUpperCase(), hex.slice(1), `${hex}0`, '', '..', 'ü'.repeat(32), 'g'.repeat(32), '\ud800'];
  assert.equal(new Set(ids.map((id) => keyOf(id).toString('hex'))).size, ids.length);
});

test('tags of ids that count upwards spread over all 32 bits', () => {
  const tags = Array.from({ length: 4_096 }, (_, index) => tagOf(keyOf(index.toString(16).padStart(32, '0')), 0));
  const buckets = new Set(tags.map((tag) => tag >>> 20));
  // 4,096 balls in 4,096 bins leave 37 % of them empty.
  assert.ok(buckets.size > 2_400, `${buckets.size} of 4096 buckets`);
});
