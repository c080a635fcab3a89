import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEventFields, sentFieldName } from './event-fields.ts';
import type { JsonObject } from '@astrolabe/json';

const presentFields = (event: JsonObject) =>
  Object.fromEntries(Object.entries(readEventFields(event)).filter(([, value]) => value !== undefined));

for (const name of ['userId', 'userid', 'user_id', 'UserID', 'USER_ID', 'User-Id', 'user id']) {
  test(`${name} is read as userId`, () => {
    assert.deepEqual(presentFields({ [name]: 'u1' }), { userId: 'u1' });
    assert.equal(sentFieldName({ [name]: 'u1' }, 'userId'), name);
  });
}

test("the spec's own spelling wins over others, in any order", () => {
  assert.deepEqual(presentFields({ user_id: 'other', userId: 'u1' }), { userId: 'u1' });
});

test('null counts as absent, so that another spelling may give the value', () => {
  assert.deepEqual(presentFields({ userId: null, user_id: 'u1' }), { userId: 'u1' });
  assert.equal(sentFieldName({ userId: null }, 'userId'), undefined);
});

test('names that are not fields of an event are ignored, however long or strange', () => {
  const event = JSON.parse('{"__proto__":{"userId":"x"},"constructor":1,"user":1,"_metadata":{}}') as Record<
    string,
    never
  >;
  assert.deepEqual(presentFields({ ...event, ['user_id'.repeat(1000)]: 'x' }), {});
});
