import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../testing/validating-client.ts';

const monday = '2025-11-24T10:30:00.000Z';
const tuesday = '2025-11-25T10:30:00.000Z';

test('the three calls of the Astrolabe page produce the state that they describe', async (t) => {
  const { call } = await startTestApi(t);
  const initech = { name: 'Initech', industry: 'Technology', employees: 329, plan: 'enterprise', 'total billed': 830 };
  await call('PUT', '/v1/users/userId123', {
    idempotencyKey: '"1"',
    body: { occurredAt: monday, properties: { email: 'john.doe@example.com' } },
  });
  const account = '/v1/accounts/0e8c78ea9d97a7b8185e8632';
  await call('PUT', account, { idempotencyKey: '"2"', body: { occurredAt: monday, properties: initech } });
  await call('PUT', `${account}/users/userId123`, { idempotencyKey: '"3"', body: { occurredAt: monday } });
  const event = {
    id: '4',
    event: 'User Registered',
    userId: 'userId123',
    occurredAt: monday,
    properties: { plan: 'Pro Annual', accountType: 'Facebook' },
  };
  await call('POST', '/v1/events', { idempotencyKey: '"4"', body: event });

  assert.deepEqual((await call('GET', '/v1/users/userId123')).body, {
    userId: 'userId123',
    properties: { email: 'john.doe@example.com' },
    propertyTimes: { email: monday },
    occurredAt: monday,
  });
  const read = (await call('GET', account)).body as { properties: unknown };
  assert.deepEqual(read.properties, initech);
  assert.deepEqual((await call('GET', `${account}/users`)).body, {
    items: [{ userId: 'userId123', occurredAt: monday }],
    nextCursor: null,
  });
  assert.deepEqual((await call('GET', '/v1/events?userId=userId123')).body, { items: [event], nextCursor: null });
});

test('the newest value of each property is kept, whatever arrives last', async (t) => {
  const { call } = await startTestApi(t);
  const put = async (idempotencyKey: string, occurredAt: string, properties: Record<string, string>) =>
    (await call('PUT', '/v1/users/u', { idempotencyKey, body: { occurredAt, properties } })).body;
  assert.deepEqual(await put('1', tuesday, { plan: 'new', city: 'Oslo' }), { result: 'applied' });
  assert.deepEqual(await put('2', monday, { plan: 'old', name: 'Ada' }), { result: 'applied' });
  assert.deepEqual(await put('3', monday, { plan: 'older' }), { result: 'unchanged' });
  assert.deepEqual((await call('GET', '/v1/users/u')).body, {
    userId: 'u',
    properties: { city: 'Oslo', name: 'Ada', plan: 'new' },
    propertyTimes: { city: tuesday, name: monday, plan: tuesday },
    occurredAt: tuesday,
  });
});

test('every kind of JSON value survives unchanged, including 64-bit numbers and odd names', async (t) => {
  const { call } = await startTestApi(t);
  const properties = Object.fromEntries([
    ['null', null],
    ['large', 2n ** 63n - 1n],
    ['fraction', 0.1],
    ['text', 'a\u0000b 漢 😀 \ud83d'],
    ['list', [1, [true], { a: null }]],
    ['__proto__', { constructor: 'x' }],
    ['', false],
  ]);
  const body = { occurredAt: monday, properties };
  await call('PUT', '/v1/users/u', { idempotencyKey: '"1"', body });
  const read = (await call('GET', '/v1/users/u')).body as { properties: Record<string, unknown> };
  assert.deepEqual(read.properties, properties);
  assert.ok(Object.hasOwn(read.properties, '__proto__'));
});

test('an association creates the user and the account', async (t) => {
  const { call } = await startTestApi(t);
  const { body } = await call('PUT', '/v1/accounts/a/users/u', { idempotencyKey: '"1"', body: { occurredAt: monday } });
  assert.deepEqual(body, { result: 'applied' });
  assert.equal((await call('GET', '/v1/users/u')).status, 200);
  assert.equal((await call('GET', '/v1/accounts/a')).status, 200);
});

test("an event sets its user's traits, and counts once however often it comes", async (t) => {
  const { api, call } = await startTestApi(t);
  const body = {
    id: 'e1',
    event: 'Plan Changed',
    userId: 'u',
    occurredAt: monday,
    properties: {},
    userProperties: { plan: 'pro' },
  };
  assert.deepEqual((await call('POST', '/v1/events', { idempotencyKey: '"1"', body })).body, { result: 'applied' });
  assert.deepEqual((await call('POST', '/v1/events', { idempotencyKey: '"2"', body })).body, { result: 'unchanged' });
  assert.deepEqual(((await call('GET', '/v1/users/u')).body as { properties: unknown }).properties, { plan: 'pro' });
  assert.equal(((await call('GET', '/v1/events')).body as { items: unknown[] }).items.length, 1);
  assert.equal(api.counters().applied, 1);
});

test('a deletion removes what is not newer, now and later', async (t) => {
  const { call } = await startTestApi(t);
  const at = (occurredAt: string) => ({ occurredAt, properties: { seen: occurredAt } });
  await call('PUT', '/v1/users/u', { idempotencyKey: '"1"', body: at(monday) });
  await call('PUT', '/v1/accounts/a/users/u', { idempotencyKey: '"2"', body: { occurredAt: monday } });
  const event = { id: 'e', event: 'E', userId: 'u', occurredAt: monday, properties: {} };
  await call('POST', '/v1/events', { idempotencyKey: '"3"', body: event });
  const path = `/v1/users/u?occurredAt=${encodeURIComponent(monday)}`;
  assert.deepEqual((await call('DELETE', path, { idempotencyKey: '"4"' })).body, { result: 'applied' });

  assert.equal((await call('GET', '/v1/users/u')).status, 404);
  const empty = { items: [], nextCursor: null };
  assert.deepEqual((await call('GET', '/v1/users')).body, empty);
  assert.deepEqual((await call('GET', '/v1/accounts/a/users')).body, empty);
  assert.deepEqual((await call('GET', '/v1/events')).body, empty);

  const late = await call('PUT', '/v1/users/u', { idempotencyKey: '"5"', body: at(monday) });
  assert.deepEqual(late.body, { result: 'unchanged' });
  assert.equal((await call('GET', '/v1/users/u')).status, 404);
  await call('PUT', '/v1/users/u', { idempotencyKey: '"6"', body: at(tuesday) });
  assert.deepEqual(((await call('GET', '/v1/users/u')).body as { properties: unknown }).properties, { seen: tuesday });
});

test('API keys keep their workspaces apart, keys and event ids included', async (t) => {
  const { call } = await startTestApi(t);
  const apiKey = 'key-of-globex';
  const event = { id: 'e', event: 'E', userId: 'u', occurredAt: monday, properties: {} };
  for (const options of [{}, { apiKey }]) {
    const { body } = await call('POST', '/v1/events', { idempotencyKey: '"1"', body: event, ...options });
    assert.deepEqual(body, { result: 'applied' });
  }
  await call('PUT', '/v1/users/u', { idempotencyKey: '"2"', body: { occurredAt: monday, properties: { of: 'acme' } } });
  const read = (await call('GET', '/v1/users/u', { apiKey })).body as { properties: unknown };
  assert.deepEqual(read.properties, {});
});

test('ids of any text arrive unchanged, in paths and in bodies', async (t) => {
  const { call } = await startTestApi(t);
  const ids = ['a/b', 'a?b=c', '50%', '%2F', '.', '..', 'a;b', 'a+b c', '#', '😀', 'a\u0000b', '漢'.repeat(1_000)];
  for (const [index, id] of ids.entries()) {
    const path = `/v1/users/${id === '.' || id === '..' ? id.replaceAll('.', '%2E') : encodeURIComponent(id)}`;
    const body = { occurredAt: monday, properties: { index } };
    await call('PUT', path, { idempotencyKey: `"${index}"`, body });
    const read = (await call('GET', path)).body as { userId: string; properties: unknown };
    assert.deepEqual([read.userId, read.properties], [id, { index }]);
  }
  const listed = (await call('GET', '/v1/users')).body as { items: { userId: string }[] };
  assert.deepEqual(listed.items.map(({ userId }) => userId).sort(), [...ids].sort());
});

test('lists are read page by page', async (t) => {
  const { call } = await startTestApi(t);
  for (let index = 0; index < 7; index += 1) {
    const event = { id: `e${index}`, event: 'E', userId: `u${index}`, occurredAt: monday, properties: {} };
    await call('POST', '/v1/events', { idempotencyKey: `"${index}"`, body: event });
    await call('PUT', `/v1/accounts/a/users/u${index}`, {
      idempotencyKey: `"a${index}"`,
      body: { occurredAt: monday },
    });
  }
  for (const path of ['/v1/users', '/v1/events', '/v1/accounts/a/users']) {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = (await call('GET', `${path}?limit=3${query}`)).body as {
        items: { userId: string }[];
        nextCursor: string | null;
      };
      assert.ok(page.items.length <= 3);
      seen.push(...page.items.map(({ userId }) => userId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(seen, ['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6'], path);
  }
});
