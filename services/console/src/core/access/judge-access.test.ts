import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeAccess } from './judge-access.ts';

const policy = { readOnly: false, disabledActions: new Set<never>() };

test('nobody who is not signed in uses a route', () => {
  const access = judgeAccess({ role: 'viewer' }, undefined, '::1', policy);
  assert.deepEqual(access.kind === 'refused' && [access.refused.status, access.refused.code], [
    401,
    'console.not-signed-in',
  ]);
});

test('a caller has the name, the role and the address that audit records show', () => {
  assert.deepEqual(judgeAccess({ role: 'viewer' }, { name: 'ann', role: 'admin' }, '::1', policy), {
    kind: 'granted',
    caller: { name: 'ann', role: 'admin', address: '::1' },
  });
});
