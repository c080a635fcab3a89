import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnPath } from './return-path.ts';

test('a page of this console is where one comes back to, with its query', () => {
  assert.equal(
    returnPath('/dead-letters?code=event.invalid&from=2026-01-01'),
    '/dead-letters?code=event.invalid&from=2026-01-01',
  );
  assert.equal(returnPath('/'), '/');
});

test('anything else leads to the first page', () => {
  for (const asked of [
    undefined,
    '',
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\t/evil.example/',
    '/..//evil.example',
    'javascript:alert(1)',
    '/api/v1/logout',
    `/${'x'.repeat(1_001)}`,
  ]) {
    assert.equal(returnPath(asked), '/', asked);
  }
});
