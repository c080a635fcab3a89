import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUserState, encodeUserState, userStateCodec, userStateKey, type UserState } from './user-state.ts';

const time = fc.maxSafeInteger();
const suppressed = fc.record(
  { atMs: time, liftedAtMs: time, isArchived: fc.constant(true) },
  { requiredKeys: ['atMs'], noNullPrototype: true },
);
const domain = fc.constantFrom('gmail.com', 'xn--bcher-kva.example', 'a.b');
const email = fc.record({ domain, atMs: time }, { noNullPrototype: true });
const decided = fc.array(fc.stringMatching(/^[\w-]{8}$/), { minLength: 1, maxLength: 4 }).map((ids) => ids.join(''));
const state = fc
  .record({ suppressed, decided, decidedAtMs: time, email }, { requiredKeys: [], noNullPrototype: true })
  .filter((each) => 'suppressed' in each || 'decided' in each || 'email' in each) as fc.Arbitrary<UserState>;

test('any state survives packing in memory unchanged', () => {
  fc.assert(
    fc.property(state, (each) => {
      assert.deepEqual(userStateCodec.unpack(userStateCodec.pack(each)), each);
    }),
  );
});

test('any state survives encoding unchanged', () => {
  fc.assert(
    fc.property(state, (each) => {
      assert.deepEqual(decodeUserState(encodeUserState(each)), each);
    }),
  );
});

test('these bytes are on the topic, including those of the first version', () => {
  const table: readonly (readonly [UserState, string])[] = [
    [{ suppressed: { atMs: 1 } }, '{"suppressed":{"atMs":1}}'],
    [{ suppressed: { liftedAtMs: 2, atMs: 1 } }, '{"suppressed":{"atMs":1,"liftedAtMs":2}}'],
    [
      { email: { atMs: 3, domain: 'gmail.com' }, suppressed: { atMs: 1, liftedAtMs: 2 } },
      '{"suppressed":{"atMs":1,"liftedAtMs":2},"email":{"domain":"gmail.com","atMs":3}}',
    ],
    [
      { suppressed: { atMs: 1, isArchived: true }, decided: 'abcdefgh' },
      '{"suppressed":{"atMs":1,"isArchived":true},"decided":"abcdefgh"}',
    ],
    [{ decided: 'abcdefgh', decidedAtMs: 4 }, '{"decided":"abcdefgh","decidedAtMs":4}'],
  ];
  for (const [each, text] of table) {
    assert.equal(encodeUserState(each).toString(), text);
    assert.deepEqual(decodeUserState(Buffer.from(text)), each);
  }
});

test('bytes of any other form are refused, with the place', () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['', /not JSON/],
    ['null', /the state of a user is not an object/],
    ['[]', /the state of a user is not an object/],
    ['{}', /empty/],
    ['{"blocked":true}', /does not know: blocked/],
    ['{"suppressed":true}', /suppressed is not an object/],
    ['{"suppressed":{}}', /suppressed\.atMs is not a time/],
    ['{"suppressed":{"atMs":"1"}}', /suppressed\.atMs is not a time/],
    ['{"suppressed":{"atMs":1,"liftedAtMs":1.5}}', /suppressed\.liftedAtMs is not a time/],
    ['{"suppressed":{"atMs":1,"by":"x"}}', /suppressed has a member that this version does not know: by/],
    ['{"suppressed":{"atMs":1,"isArchived":false}}', /suppressed\.isArchived is not true/],
    ['{"decided":"abc"}', /decided is not a list of ids/],
    ['{"email":{"domain":"a|b","atMs":1}}', /email\.domain is not a domain/],
    ['{"email":{"domain":"","atMs":1}}', /email\.domain is not a domain/],
    ['{"email":{"domain":"a.b"}}', /email\.atMs is not a time/],
  ];
  for (const [text, message] of table) {
    assert.throws(() => decodeUserState(Buffer.from(text)), { name: 'RangeError', message });
  }
});

test('the key holds the connector and 128 bits of the user, however long the id is', () => {
  const { encodeKey, decodeKey } = userStateCodec;
  for (const userId of ['ann', 'u"1', '😀', 'u'.repeat(30_000)]) {
    const key = userStateKey('acme', userId);
    assert.equal(key.id.length, 16);
    const text = encodeKey(key);
    assert.match(text, /^\["acme","user-sha256","[\w-]{22}"\]$/);
    assert.deepEqual(decodeKey(text), { key, isOutdated: false });
    const old = JSON.stringify(['acme', 'user', userId]);
    assert.deepEqual(decodeKey(old), { key, isOutdated: true }, 'the first version wrote the key of the events');
  }
  assert.notDeepEqual(userStateKey('acme', 'ann'), userStateKey('other', 'ann'));
});

test('a key that no version wrote is refused', () => {
  for (const text of ['', 'ann', '[]', '["acme","account","a"]', '["acme","user"]', '[1,"user","a"]']) {
    assert.throws(() => userStateCodec.decodeKey(text), RangeError, text);
  }
});
