import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createValidatingClient, startTestApi, apiKeys } from '../testing/validating-client.ts';
import { startReferenceApi } from '../index.ts';

const occurredAt = '2025-11-24T10:30:00.000Z';
const body = { occurredAt, properties: { plan: 'pro', seats: 3 } };

test('a write without a key, or with an invalid one, is refused', async (t) => {
  const { call } = await startTestApi(t);
  const codeFor = async (idempotencyKey: string | undefined) => {
    const options = idempotencyKey === undefined ? {} : { idempotencyKey };
    const answer = await call('PUT', '/v1/users/u', { ...options, body, offContract: true });
    return [answer.status, (answer.body as { code: string }).code];
  };
  assert.deepEqual(await codeFor(undefined), [400, 'idempotency-key-missing']);
  for (const key of ['""', '"open', 'a, b', `"${'x'.repeat(256)}"`, '"a";"b"']) {
    assert.deepEqual(await codeFor(key), [400, 'idempotency-key-invalid'], key);
  }
});

test('the same key with the same command gets the first answer again, marked as replayed, and has one effect', async (t) => {
  const { api, call } = await startTestApi(t);
  const first = await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  const again = await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  assert.deepEqual([again.status, again.body], [first.status, first.body]);
  assert.equal(first.headers['idempotency-replayed'], undefined);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  const { applied, replayed } = api.counters();
  assert.deepEqual({ applied, replayed }, { applied: 1, replayed: 1 });
});

test('a key is the same quoted or bare, and a command in any order of its names', async (t) => {
  const { call } = await startTestApi(t);
  await call('PUT', '/v1/users/u', { idempotencyKey: '"k\\"1"', body });
  const reordered = { properties: { seats: 3, plan: 'pro' }, occurredAt: '2025-11-24T12:30:00+02:00' };
  const again = await call('PUT', '/v1/users/u', { idempotencyKey: '"k\\"1"', body: reordered });
  assert.equal(again.headers['idempotency-replayed'], 'true');
  await call('PUT', '/v1/users/v', { idempotencyKey: '"k2"', body });
  assert.equal(
    (await call('PUT', '/v1/users/v', { idempotencyKey: 'k2', body })).headers['idempotency-replayed'],
    'true',
  );
});

test('the same key with another body, path or method is refused, without effect', async (t) => {
  const { api, call } = await startTestApi(t);
  await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  const other = { occurredAt, properties: { plan: 'free' } };
  const answers = [
    await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body: other }),
    await call('PUT', '/v1/users/v', { idempotencyKey: '"k"', body }),
    await call('PUT', '/v1/accounts/u', { idempotencyKey: '"k"', body }),
    await call('DELETE', `/v1/users/u?occurredAt=${occurredAt}`, { idempotencyKey: '"k"' }),
  ];
  for (const answer of answers) {
    assert.deepEqual([answer.status, (answer.body as { code: string }).code], [422, 'idempotency-key-reused']);
  }
  assert.equal(api.counters().applied, 1);
  assert.equal(api.counters().keysReused, 4);
});

test('the same key is refused while the first call is in progress, and free afterwards', async (t) => {
  const { api, call } = await startTestApi(t);
  const { call: callBeside } = createValidatingClient(t, api.url);
  // Long enough for a busy machine to make the second call meanwhile.
  api.faults.add({ kind: 'delay', delayMs: 3_000, times: 1 });
  const first = call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  while (api.calls.all()[0]?.fault !== 'delay') await new Promise(setImmediate);
  const second = await callBeside('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  assert.deepEqual([second.status, (second.body as { code: string }).code], [409, 'idempotency-key-in-use']);
  assert.equal((await first).status, 200);
  const third = await callBeside('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  assert.equal(third.headers['idempotency-replayed'], 'true');
  assert.equal(api.counters().keysInUse, 1);
});

test('after an error the key is free, so the call may be repeated', async (t) => {
  const { api, call } = await startTestApi(t);
  api.faults.add({ kind: 'status', status: 503, times: 1 }, { kind: 'status', status: 429, times: 1 });
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    statuses.push((await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body })).status);
  }
  assert.deepEqual(statuses, [503, 429, 200]);
  assert.equal(api.counters().applied, 1);
});

test('after its time a key expires, and its command changes nothing', async (t) => {
  let nowMs = 1_000_000;
  const { call } = await startTestApi(t, { nowMs: () => nowMs, idempotencyTtlMs: 60_000 });
  const put = () => call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  await put();
  nowMs += 59_999;
  assert.equal((await put()).headers['idempotency-replayed'], 'true');
  nowMs += 1;
  const late = await put();
  assert.equal(late.headers['idempotency-replayed'], undefined);
  assert.deepEqual(late.body, { result: 'unchanged' });
});

test('state and keys survive a restart on a file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-api-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const database = join(folder, 'state.sqlite');

  const before = await startReferenceApi({ apiKeys, database });
  await createValidatingClient(t, before.url).call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  await before.close();

  const { api, call } = await startTestApi(t, { database });
  const again = await call('PUT', '/v1/users/u', { idempotencyKey: '"k"', body });
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(api.counters().applied, 0);
  assert.deepEqual(((await call('GET', '/v1/users/u')).body as { properties: unknown }).properties, body.properties);
});
