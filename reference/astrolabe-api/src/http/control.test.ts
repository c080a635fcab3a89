import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCallLog } from '../store/call-log.ts';
import { startTestApi } from '../testing/validating-client.ts';

test('faults are scripted, listed and cleared over HTTP', async (t) => {
  const { api, call } = await startTestApi(t, { enableControl: true });
  const control = async (method: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${api.url}/__reference/faults`, {
      method,
      ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const fault = { kind: 'status', status: 429, times: 2, retryAfterSeconds: 1, match: { method: 'GET' } };
  assert.deepEqual(await control('POST', { seed: 3, faults: [fault] }), { status: 200, body: { ids: [1] } });
  assert.equal((await call('GET', '/v1/users')).status, 429);
  assert.deepEqual((await control('GET')).body, { faults: [{ id: 1, fault, hits: 1 }] });
  assert.equal((await control('DELETE')).status, 204);
  assert.equal((await call('GET', '/v1/users')).status, 200);

  for (const faults of [
    [{ kind: 'explode' }],
    [{ kind: 'status' }],
    [{ kind: 'cut', rate: 2 }],
    [{ ...fault, time: 1 }],
  ]) {
    assert.equal((await control('POST', { faults })).status, 400, JSON.stringify(faults));
  }
});

test('calls and counters are read over HTTP, page by page', async (t) => {
  const { api, call } = await startTestApi(t, { enableControl: true });
  for (let index = 0; index < 5; index += 1) await call('GET', `/v1/users?limit=${index + 1}`);
  const read = async (path: string) => await (await fetch(`${api.url}/__reference/${path}`)).json();
  const page = (await read('calls?after=1&limit=3')) as { calls: { sequence: number; path: string }[]; next: number };
  assert.deepEqual(
    page.calls.map(({ sequence, path }) => [sequence, path]),
    [
      [2, '/v1/users?limit=2'],
      [3, '/v1/users?limit=3'],
      [4, '/v1/users?limit=4'],
    ],
  );
  assert.equal(page.next, 4);
  assert.equal(((await read('calls?after=4')) as { next: unknown }).next, null);
  assert.deepEqual(await read('counters'), { ...api.counters() });
});

test('keys are replaced over HTTP: from then on those that were given are taken, and no others', async (t) => {
  const { api } = await startTestApi(t, { enableControl: true });
  const replace = async (apiKeys: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ apiKeys });
    return (await fetch(`${api.url}/__reference/api-keys`, { method: 'PUT', headers, body })).status;
  };
  const statusWith = async (key: string) =>
    (await fetch(`${api.url}/v1/users`, { headers: { authorization: `Bearer ${key}` } })).status;
  assert.equal(await statusWith('key-of-acme'), 200);
  for (const wrong of [
    undefined,
    [{ connector: 'acme' }],
    [{ connector: 'Acme!', key: 'k' }],
    [{ connector: 'acme', key: 'with space' }],
    ['acme', 'other'].map((connector) => ({ connector, key: 'shared' })),
  ]) {
    assert.equal(await replace(wrong), 400, JSON.stringify(wrong));
  }
  assert.equal(await statusWith('key-of-acme'), 200, 'what is refused changes nothing');
  assert.equal(await replace([{ connector: 'acme', key: 'second=key' }]), 204);
  assert.deepEqual([await statusWith('key-of-acme'), await statusWith('second=key')], [401, 200]);
});

test('nothing is served under /__reference unless enabled', async (t) => {
  const { api } = await startTestApi(t);
  for (const path of ['faults', 'calls', 'counters', 'api-keys']) {
    assert.equal((await fetch(`${api.url}/__reference/${path}`)).status, 404);
  }
});

test('the process answers its liveness probe without a key', async (t) => {
  const { api } = await startTestApi(t);
  const response = await fetch(`${api.url}/livez`);
  assert.deepEqual(await response.json(), { status: 'ok' });
  assert.equal(api.counters().calls, 0);
});

test('the call log keeps the newest calls and says how many it dropped', () => {
  const log = createCallLog(3);
  for (let index = 1; index <= 5; index += 1) log.arrive('GET', `/${index}`, index);
  const { calls, next, forgotten } = log.page(0, 2);
  assert.deepEqual([calls.map(({ sequence }) => sequence), next, forgotten], [[3, 4], 4, 2]);
  assert.deepEqual(
    log.all().map(({ path }) => path),
    ['/3', '/4', '/5'],
  );
});
