import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRoleMapping, roleOf } from '../access/role-mapping.ts';
import { fitClaims } from './session-claims.ts';

const rules =
  parseRoleMapping('groups:ops=admin, realm.roles:support=reader, email:ann@example.com=replayer, *=viewer') ?? [];

test('claims that fit are kept as they are', () => {
  const claims = { sub: '1', groups: ['a', 'b'], address: { city: 'Ulm' } };
  assert.deepEqual(fitClaims(claims, rules, 1_000), { claims, left: [] });
});

test('of claims that do not fit, what the rules look at is kept, and it is said what was left', () => {
  const groups = Array.from({ length: 300 }, (_none, index) => `group ${index}`);
  const claims = { sub: '1', groups: [...groups, 'ops'], picture: 'x'.repeat(2_000), name: 'Ann' };
  assert.deepEqual(fitClaims(claims, rules, 500), {
    claims: { groups: ['ops'], sub: '1', name: 'Ann' },
    left: ['groups', 'picture'],
  });
});

test('where even the groups that the rules name are too many, the one that counts is kept', () => {
  const many = Array.from({ length: 100 }, (_none, index) => `team-${index}`);
  const mapping = parseRoleMapping(
    many.map((name, index) => `groups:${name}=${index === 50 ? 'admin' : 'viewer'}`).join(', '),
  );
  const fitted = fitClaims({ sub: 'x'.repeat(1_000), groups: many }, mapping ?? [], 300);
  assert.deepEqual(fitted, { claims: { groups: ['team-50'] }, left: ['sub', 'groups'] });
});

test('what was left out changes no role', () => {
  const value = fc.oneof(fc.constantFrom('ops', 'support', 'ann@example.com'), fc.string());
  const claim = fc.oneof(value, fc.array(value, { maxLength: 30 }), fc.boolean());
  const claims = fc.record(
    {
      sub: value,
      groups: claim,
      realm: fc.record({ roles: claim, more: fc.string() }, { requiredKeys: [] }),
      email: value,
      email_verified: fc.boolean(),
      other: claim,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(claims, fc.integer({ min: 0, max: 300 }), (all, maxBytes) => {
      const fitted = fitClaims(all, rules, maxBytes);
      assert.deepEqual(roleOf(fitted.claims, rules)?.role, roleOf(all, rules)?.role);
    }),
  );
});
