import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFaults } from './faults.ts';
import { createValidatingClient, startTestApi } from './testing/validating-client.ts';

const body = { occurredAt: '2025-11-24T10:30:00.000Z', properties: {} };
const call = { connector: 'acme', method: 'PUT', path: '/v1/users/u' };

test('a fault hits only matching calls, as often as it says, in the order of the script', () => {
  const faults = createFaults();
  faults.add(
    { kind: 'status', status: 500, times: 1, match: { connector: 'acme', method: 'PUT', pathPrefix: '/v1/users/' } },
    { kind: 'cut', times: 1 },
  );
  assert.equal(faults.decide({ ...call, connector: 'globex' }).action?.kind, 'cut');
  assert.equal(faults.decide({ ...call, path: '/v1/accounts/a' }).action, undefined);
  assert.equal(faults.decide({ ...call, method: 'GET' }).action, undefined);
  assert.equal(faults.decide(call).action?.kind, 'status');
  assert.equal(faults.decide(call).action, undefined);
  assert.deepEqual(
    faults.list().map(({ hits }) => hits),
    [1, 1],
  );
  faults.clear();
  assert.deepEqual(faults.list(), []);
});

test('delays add up and apply together with another fault', () => {
  const faults = createFaults();
  faults.add({ kind: 'delay', delayMs: 5 }, { kind: 'hang' }, { kind: 'delay', delayMs: 7 });
  assert.deepEqual(faults.decide(call), { delayMs: 12, action: { kind: 'hang' } });
});

test('a rate hits its share of calls, and the same ones for the same seed', () => {
  const run = (seed: number) => {
    const faults = createFaults(seed);
    faults.add({ kind: 'status', status: 429, rate: 0.3 });
    return Array.from({ length: 2_000 }, () => faults.decide(call).action !== undefined);
  };
  const hits = run(7).filter(Boolean).length;
  assert.ok(hits > 500 && hits < 700, String(hits));
  assert.deepEqual(run(7), run(7));
  assert.notDeepEqual(run(7), run(8));
});

test('a status is answered as a problem of the contract, with Retry-After if given, and without effect', async (t) => {
  const { api, call } = await startTestApi(t);
  for (const status of [400, 401, 403, 408, 418, 429, 500, 501, 502, 503, 504]) {
    api.faults.add({ kind: 'status', status, times: 1, retryAfterSeconds: 2 });
    const answer = await call('PUT', '/v1/users/u', { idempotencyKey: `"${status}"`, body });
    assert.equal(answer.status, status);
    assert.equal(answer.headers['retry-after'], '2');
  }
  assert.equal((await call('GET', '/v1/users/u')).status, 404);
  assert.equal(api.counters().faults.status, 11);
});

test('a cut connection has no effect; a lost answer has its effect, once', async (t) => {
  const { api, call } = await startTestApi(t);
  const put = () => call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  api.faults.add({ kind: 'cut', times: 1 });
  await assert.rejects(put());
  assert.equal(api.counters().applied, 0);

  api.faults.add({ kind: 'lose-answer', times: 1 });
  await assert.rejects(put());
  assert.equal(api.counters().applied, 1);
  assert.equal((await put()).headers['idempotency-replayed'], 'true');
  assert.equal(api.counters().applied, 1);
  assert.deepEqual(
    api.calls.all().map(({ fault, applied, replayed, status }) => [fault, applied, replayed, status]),
    [
      ['cut', 0, 0, null],
      ['lose-answer', 1, 0, null],
      [null, 0, 1, 200],
    ],
  );
});

test('a lost answer of a bulk call has all its effects, once', async (t) => {
  const { api, call } = await startTestApi(t);
  const commands = ['u', 'v'].map((userId) => ({ id: userId, kind: 'upsertUser', userId, ...body }));
  api.faults.add({ kind: 'lose-answer', times: 1 });
  await assert.rejects(call('POST', '/v1/commands', { body: { commands } }));
  const again = (await call('POST', '/v1/commands', { body: { commands } })).body as { results: { replayed?: true }[] };
  assert.ok(again.results.every(({ replayed }) => replayed));
  assert.equal(api.counters().applied, 2);
});

test('a hung call holds its key until its client goes away, and does not keep the server from closing', async (t) => {
  const { api } = await startTestApi(t);
  const hang = { kind: 'hang', times: 1, match: { method: 'PUT' } } as const;
  const hungCall = (key: string) => {
    const client = createValidatingClient(t, api.url);
    const ended = client.call('PUT', '/v1/users/u', { idempotencyKey: key, body });
    ended.catch(() => undefined);
    return ended;
  };
  const controlled = createValidatingClient(t, api.url);

  api.faults.add(hang);
  const abandoned = new AbortController();
  const request = fetch(`${api.url}/v1/users/u`, {
    method: 'PUT',
    headers: { authorization: 'Bearer key-of-acme', 'idempotency-key': '"k"', 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: abandoned.signal,
  });
  while (api.counters().faults.hang < 1) await new Promise(setImmediate);
  assert.equal((await controlled.call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body })).status, 409);
  abandoned.abort();
  await assert.rejects(request);
  let status = 409;
  while (status === 409) ({ status } = await controlled.call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body }));
  assert.equal(status, 200);

  api.faults.add(hang);
  const hung = hungCall('"k2"');
  while (api.counters().faults.hang < 2) await new Promise(setImmediate);
  await api.close();
  await assert.rejects(hung);
});

test('faults apply to reads too', async (t) => {
  const { api, call } = await startTestApi(t);
  api.faults.add({ kind: 'status', status: 503, times: 1, match: { method: 'GET' } });
  assert.equal((await call('GET', '/v1/users')).status, 503);
  assert.equal((await call('GET', '/v1/users')).status, 200);
});
