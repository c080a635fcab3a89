import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoleMapping, roleOf, type Claims } from './role-mapping.ts';

function roleIn(mapping: string, claims: Claims): string | undefined {
  const rules = parseRoleMapping(mapping);
  assert.ok(rules !== undefined, mapping);
  return roleOf(claims, rules)?.role;
}

test('nobody has a role by default', () => {
  assert.equal(roleIn('groups:ops=admin', {}), undefined);
  assert.equal(roleIn('groups:ops=admin', { groups: ['operators', 'OPS', 'ops2'], group: 'ops' }), undefined);
});

test('the highest role that a rule gives counts, wherever it stands', () => {
  const mapping = '*=viewer, groups:support=reader, name:ann=admin, groups:staff=viewer';
  assert.equal(roleIn(mapping, { name: 'bob' }), 'viewer');
  assert.equal(roleIn(mapping, { name: 'bob', groups: ['staff', 'support'] }), 'reader');
  assert.equal(roleIn(mapping, { name: 'ann', groups: ['support'] }), 'admin');
});

test('a claim is one value or a list of values, and may be within another', () => {
  assert.equal(roleIn('team:ops=admin', { team: 'ops' }), 'admin');
  assert.equal(roleIn('realm_access.roles:ops=admin', { realm_access: { roles: ['ops'] } }), 'admin');
  assert.equal(roleIn('realm_access.roles:ops=admin', { 'realm_access.roles': ['ops'], realm_access: {} }), 'admin');
  assert.equal(roleIn('is_operator:true=admin', { is_operator: true }), 'admin');
});

test('what every object has is not a claim', () => {
  for (const claim of ['constructor.name', '__proto__', 'toString.name', 'groups.length']) {
    assert.equal(roleIn(`${claim}:Object=admin`, {}), undefined);
    assert.equal(roleIn(`${claim}:1=admin`, { groups: [{}] }), undefined);
  }
});

test('a claim may be a URL, and a value may hold what separates rules, percent-encoded', () => {
  assert.equal(roleIn('https://example.com/roles:ops=admin', { 'https://example.com/roles': ['ops'] }), 'admin');
  assert.equal(roleIn('dn:CN%3Dops%2COU=admin', { dn: 'CN=ops,OU' }), 'admin');
  assert.equal(roleIn('groups:urn:example:ops=admin', { groups: ['urn:example:ops'] }), 'admin');
});

test('an address that the provider says it has not checked matches nothing', () => {
  const mapping = 'email:ann@example.com=admin';
  assert.equal(roleIn(mapping, { email: 'ann@example.com', email_verified: false }), undefined);
  assert.equal(roleIn(mapping, { email: 'ann@example.com', email_verified: true }), 'admin');
  assert.equal(roleIn(mapping, { email: 'ann@example.com' }), 'admin');
});

test('what is not a mapping is refused as a whole', () => {
  for (const text of [
    '',
    ',',
    'admin',
    'groups=admin',
    'groups:ops=root',
    'groups:ops',
    ':ops=admin',
    'groups:=admin',
    'groups:%E0%A4%A=admin',
    '*=viewer, groups:ops=amdin',
    '**=viewer',
  ]) {
    assert.equal(parseRoleMapping(text), undefined, text);
  }
});
