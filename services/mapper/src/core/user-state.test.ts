import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUserState, encodeUserState, userStateKey, type UserState } from './user-state.ts';

const time = fc.maxSafeInteger();
const suppressed = fc.record({ atMs: time, liftedAtMs: time }, { requiredKeys: ['atMs'], noNullPrototype: true });
const email = fc.record({ domain: fc.string({ unit: 'binary', minLength: 1 }), atMs: time }, { noNullPrototype: true });
const state = fc
  .record({ suppressed, email }, { requiredKeys: [], noNullPrototype: true })
  .filter((each) => Object.keys(each).length > 0) as fc.Arbitrary<UserState>;

test('any state comes back from its bytes as it was', () => {
  fc.assert(
    fc.property(state, (each) => {
      assert.deepEqual(decodeUserState(encodeUserState(each)), each);
    }),
  );
});

test('these bytes are on the topic: a version that writes others needs another topic', () => {
  const table: readonly (readonly [UserState, string])[] = [
    [{ suppressed: { atMs: 1 } }, '{"suppressed":{"atMs":1}}'],
    [{ suppressed: { liftedAtMs: 2, atMs: 1 } }, '{"suppressed":{"atMs":1,"liftedAtMs":2}}'],
    [
      { email: { atMs: 3, domain: 'gmail.com' }, suppressed: { atMs: 1, liftedAtMs: 2 } },
      '{"suppressed":{"atMs":1,"liftedAtMs":2},"email":{"domain":"gmail.com","atMs":3}}',
    ],
  ];
  for (const [each, text] of table) {
    assert.equal(encodeUserState(each).toString(), text);
    assert.deepEqual(decodeUserState(Buffer.from(text)), each);
  }
});

test('bytes of any other form are refused, with the place', () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['', /no JSON/],
    ['null', /the state of a user is no object/],
    ['[]', /the state of a user is no object/],
    ['{}', /empty/],
    ['{"blocked":true}', /does not know: blocked/],
    ['{"suppressed":true}', /suppressed is no object/],
    ['{"suppressed":{}}', /suppressed\.atMs is no time/],
    ['{"suppressed":{"atMs":"1"}}', /suppressed\.atMs is no time/],
    ['{"suppressed":{"atMs":1,"liftedAtMs":1.5}}', /suppressed\.liftedAtMs is no time/],
    ['{"suppressed":{"atMs":1,"by":"x"}}', /suppressed has a member that this version does not know: by/],
    ['{"email":{"domain":"","atMs":1}}', /email\.domain is no domain/],
    ['{"email":{"domain":"a.b"}}', /email\.atMs is no time/],
  ];
  for (const [text, message] of table) {
    assert.throws(() => decodeUserState(Buffer.from(text)), { name: 'RangeError', message });
  }
});

test('the key is that of the events of the user, so that both lie in partitions of one number', () => {
  assert.equal(userStateKey('acme', 'u"1'), '["acme","user","u\\"1"]');
});
