import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthenticate, parseApiKeys } from './api-keys.ts';

test('a connector is identified by each of its keys, and by nothing else', () => {
  const authenticate = createAuthenticate(parseApiKeys('acme=k1, acme=k2,globex=a=b'));
  assert.equal(authenticate('Bearer k1'), 'acme');
  assert.equal(authenticate('bearer k2'), 'acme');
  assert.equal(authenticate('Bearer a=b'), 'globex');
  for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic k1', 'Bearer k', 'Bearer k1 k2', 'k1']) {
    assert.equal(authenticate(header), undefined, header);
  }
});

test('keys in another form, or one key for two connectors, are refused', () => {
  for (const text of ['', 'acme', 'Acme=k', 'acme=', 'acme=k,']) assert.throws(() => parseApiKeys(text), text);
  assert.throws(() => createAuthenticate(parseApiKeys('acme=k,globex=k')), /also that of another/);
});
