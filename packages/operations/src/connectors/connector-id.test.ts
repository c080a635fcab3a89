import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConnectorId, toConnectorId } from './connector-id.ts';

test('an id is made of a name in any script', () => {
  assert.deepEqual(['Acme (EU)', 'Żółw & Co.', '  42  '].map(toConnectorId), ['acme-eu', 'zo-w-co', '42']);
  assert.ok(['acme-eu', 'zo-w-co', '42'].every(isConnectorId));
});

test('a name of punctuation alone gives no usable id', () => {
  assert.ok(![toConnectorId('!!!'), 'Acme', '-acme', 'a'.repeat(64)].some(isConnectorId));
});
