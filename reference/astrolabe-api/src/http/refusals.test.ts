import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@astrolabe/schemas';
import { startTestApi, type Answer } from '../testing/validating-client.ts';

const occurredAt = '2025-11-24T10:30:00.000Z';
const body = { occurredAt, properties: {} };
const write = { idempotencyKey: '"k"', body };

function codeOf({ status, body }: Answer): [number, JsonValue | undefined] {
  return [status, (body as { code?: JsonValue }).code];
}

test('a call without a known API key is refused before anything is read', async (t) => {
  const { api, call } = await startTestApi(t);
  for (const apiKey of ['', 'unknown']) {
    const answer = await call('GET', '/v1/users', { apiKey, offContract: apiKey === '' });
    assert.deepEqual(codeOf(answer), [401, 'unauthorized']);
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
  }
  assert.deepEqual(
    api.calls.all().map(({ connector, status }) => [connector, status]),
    [
      [null, 401],
      [null, 401],
    ],
  );
});

test('keys that are replaced are known no longer, and the new ones are', async (t) => {
  const { api, call } = await startTestApi(t);
  api.replaceApiKeys([{ connector: 'acme', key: 'next-key-of-acme' }]);
  assert.deepEqual(codeOf(await call('GET', '/v1/users')), [401, 'unauthorized']);
  assert.equal((await call('GET', '/v1/users', { apiKey: 'next-key-of-acme' })).status, 200);
  const twice = ['acme', 'globex'].map((connector) => ({ connector, key: 'shared' }));
  assert.throws(() => api.replaceApiKeys(twice), /globex is also that of another connector/);
});

test('a missing path is 404, and a missing method is 405 with the existing ones', async (t) => {
  const { call } = await startTestApi(t);
  assert.deepEqual(codeOf(await call('GET', '/v1/users/nobody')), [404, 'not-found']);
  assert.deepEqual(codeOf(await call('GET', '/v1/accounts/none/users')), [404, 'not-found']);
  assert.deepEqual(codeOf(await call('GET', '/v1/people', { offContract: true })), [404, 'not-found']);
  const answer = await call('PATCH', '/v1/users/u', { offContract: true });
  assert.deepEqual(codeOf(answer), [405, 'method-not-allowed']);
  assert.equal(answer.headers['allow'], 'GET, HEAD, PUT, DELETE');
});

test('a body that is not JSON, UTF-8 or an object, of another type or too large is refused with its own code', async (t) => {
  const { call } = await startTestApi(t);
  const put = (options: Parameters<typeof call>[2]) =>
    call('PUT', '/v1/users/u', { idempotencyKey: '"k"', offContract: true, ...options });
  assert.deepEqual(codeOf(await put({ rawBody: '{"occurredAt":' })), [400, 'malformed-json']);
  assert.deepEqual(codeOf(await put({ rawBody: Buffer.from([0x22, 0xff, 0x22]) })), [400, 'malformed-json']);
  assert.deepEqual(codeOf(await put({ rawBody: '[]' })), [400, 'invalid-request']);
  assert.deepEqual(codeOf(await put({})), [400, 'invalid-request']);
  const text = JSON.stringify(body);
  assert.deepEqual(codeOf(await put({ rawBody: text, contentType: 'text/plain' })), [415, 'unsupported-media-type']);
  const large = { occurredAt, properties: { text: 'x'.repeat(1024 * 1024) } };
  const answer = await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body: large });
  assert.deepEqual(codeOf(answer), [413, 'payload-too-large']);
});

test('every invalid place is named', async (t) => {
  const { call } = await startTestApi(t);
  const answer = await call('POST', '/v1/events', {
    idempotencyKey: '"k"',
    offContract: true,
    body: { id: '', event: '', occurredAt: '2025-02-30T00:00:00Z', properties: [], 'a/b': 1 },
  });
  const { errors } = answer.body as { errors: { pointer: string }[] };
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ['/id', '/event', '/occurredAt', '/properties', '/a~1b', ''],
  );
});

test('properties that a command cannot carry are refused here too', async (t) => {
  const { call } = await startTestApi(t);
  const answer = await call('PUT', '/v1/users/u', {
    idempotencyKey: '"k"',
    body: { occurredAt, properties: { big: 2n ** 64n } },
  });
  assert.deepEqual(codeOf(answer), [400, 'invalid-request']);
  assert.match((answer.body as { detail: string }).detail, /^\/properties\/big the whole number does not fit/);
});

test('ids that are too long, empty or not text are refused', async (t) => {
  const { call } = await startTestApi(t);
  for (const path of [`/v1/users/${'x'.repeat(1_001)}`, `/v1/users/${'%F0%9F%98%80'.repeat(1_001)}`, '/v1/users/']) {
    assert.deepEqual(codeOf(await call('PUT', path, { ...write, offContract: true })), [400, 'invalid-id']);
  }
  const event = { id: 'e', event: 'E', userId: '\ud800', occurredAt, properties: {} };
  const answer = await call('POST', '/v1/events', { idempotencyKey: '"k"', body: event });
  assert.deepEqual(codeOf(answer), [400, 'invalid-request']);
});

test('a deletion needs its time, once and percent-encoded', async (t) => {
  const { call } = await startTestApi(t);
  const remove = (query: string, offContract: boolean) =>
    call('DELETE', `/v1/users/u${query}`, { idempotencyKey: '"k"', offContract });
  assert.deepEqual(codeOf(await remove('', true)), [400, 'invalid-request']);
  assert.deepEqual(codeOf(await remove('?occurredAt=2025-11-24T12:30:00+02:00', true)), [400, 'invalid-request']);
  const twice = `?occurredAt=${occurredAt}&occurredAt=${occurredAt}`;
  assert.deepEqual(codeOf(await remove(twice, true)), [400, 'invalid-request']);
  assert.equal((await remove('?occurredAt=2025-11-24T12:30:00%2B02:00', false)).status, 200);
});

test('a refused call has no effect and leaves its key free', async (t) => {
  const { api, call } = await startTestApi(t);
  await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body: { properties: {} }, offContract: true });
  assert.deepEqual((await call('PUT', '/v1/users/u', write)).body, { result: 'applied' });
  assert.equal(api.counters().applied, 1);
});
