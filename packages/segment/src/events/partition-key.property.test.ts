import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeKey, partitionKey, type IdentityKind } from './partition-key.ts';

const kind = fc.constantFrom<IdentityKind>('user', 'anonymous', 'account');
const identity = fc.tuple(fc.string(), kind, fc.string({ unit: 'binary' }));

test('two keys are equal only if connector, kind and id are', () => {
  fc.assert(
    fc.property(identity, identity, (one, other) => {
      assert.equal(encodeKey(...one) === encodeKey(...other), JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test('a user orders before an anonymous visitor, and that one before an account', () => {
  const ids = { userId: 'u', anonymousId: 'a', groupId: 'g' };
  assert.equal(partitionKey('acme', ids), '["acme","user","u"]');
  assert.equal(partitionKey('acme', { ...ids, userId: undefined }), '["acme","anonymous","a"]');
  assert.equal(
    partitionKey('acme', { userId: undefined, anonymousId: undefined, groupId: 'g' }),
    '["acme","account","g"]',
  );
  assert.equal(partitionKey('acme', { userId: undefined, anonymousId: undefined }), undefined);
});
