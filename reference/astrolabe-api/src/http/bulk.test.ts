import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@astrolabe/schemas';
import { createValidatingClient, startTestApi } from '../testing/validating-client.ts';

const occurredAt = '2025-11-24T10:30:00.000Z';

function upsert(id: string, userId: string, properties: JsonObject = {}): JsonObject {
  return { id, kind: 'upsertUser', userId, occurredAt, properties };
}

function resultsOf(body: unknown): { id: string; status: number; result?: string; replayed?: true }[] {
  return (body as { results: { id: string; status: number }[] }).results;
}

test('each command has its own result, in order, and an invalid one harms no other', async (t) => {
  const { api, call } = await startTestApi(t);
  const commands = [
    upsert('1', '.', { a: 1 }),
    { id: '2', kind: 'mergeUsers', userId: 'u' },
    { id: '3', kind: 'associateUser', accountId: 'a', userId: '.', occurredAt },
    { id: '4', kind: 'trackEvent', event: 'E', anonymousId: 'v', occurredAt, properties: {} },
    { id: '5', kind: 'upsertAccount', accountId: 'a', occurredAt, properties: { name: 'A' } },
    { id: '6', kind: 'deleteUser', userId: '..', occurredAt },
  ];
  const { status, body } = await call('POST', '/v1/commands', { body: { commands }, offContract: true });
  assert.equal(status, 200);
  assert.deepEqual(
    resultsOf(body).map((result) => [result.id, result.status, result.result]),
    [
      ['1', 200, 'applied'],
      ['2', 400, undefined],
      ['3', 200, 'applied'],
      ['4', 200, 'applied'],
      ['5', 200, 'applied'],
      ['6', 200, 'applied'],
    ],
  );
  assert.equal(api.counters().applied, 5);
  const { commands: count, applied } = api.calls.all()[0] ?? {};
  assert.deepEqual({ count, applied }, { count: 6, applied: 5 });
});

test('a command has one effect, alone or in bulk, however it is grouped', async (t) => {
  const { api, call } = await startTestApi(t);
  await call('PUT', '/v1/users/u', { idempotencyKey: '"1"', body: { occurredAt, properties: { a: 1 } } });
  const commands = [upsert('1', 'u', { a: 1 }), upsert('2', 'v'), upsert('2', 'v')];
  const { body } = await call('POST', '/v1/commands', { body: { commands } });
  assert.deepEqual(
    resultsOf(body).map(({ result, replayed }) => [result, replayed]),
    [
      ['applied', true],
      ['applied', undefined],
      ['applied', true],
    ],
  );
  const alone = await call('PUT', '/v1/users/v', { idempotencyKey: '"2"', body: { occurredAt, properties: {} } });
  assert.equal(alone.headers['idempotency-replayed'], 'true');
  assert.equal(api.counters().applied, 2);
});

test('a key that was used for another command, or is in use, fails only its command', async (t) => {
  const { api, call } = await startTestApi(t);
  const { call: callBeside } = createValidatingClient(t, api.url);
  await call('PUT', '/v1/users/u', { idempotencyKey: '"1"', body: { occurredAt, properties: {} } });
  api.faults.add({ kind: 'hang', times: 1, match: { pathPrefix: '/v1/users/hung' } });
  const hung = call('PUT', '/v1/users/hung', { idempotencyKey: '"2"', body: { occurredAt, properties: {} } });
  hung.catch(() => undefined);
  while (api.counters().faults.hang === 0) await new Promise(setImmediate);

  const commands = [upsert('1', 'other'), upsert('2', 'hung'), upsert('3', 'w')];
  const { body } = await callBeside('POST', '/v1/commands', { body: { commands } });
  assert.deepEqual(
    resultsOf(body).map(({ status }) => status),
    [422, 409, 200],
  );
});

test('a call that is not a list of commands with ids is refused as a whole', async (t) => {
  const { api, call } = await startTestApi(t);
  const bodies = [
    {},
    { commands: [] },
    { commands: [{ kind: 'deleteUser', userId: 'u', occurredAt }] },
    { commands: [upsert('1', 'u')], atomic: true },
    { commands: Array.from({ length: 1_001 }, (_, index) => upsert(String(index), 'u')) },
  ];
  for (const body of bodies) {
    const answer = await call('POST', '/v1/commands', { body, offContract: true });
    assert.deepEqual([answer.status, (answer.body as { code: string }).code], [400, 'invalid-request']);
  }
  assert.equal(api.counters().applied, 0);
});

test('a thousand commands fit one call', async (t) => {
  const { api, call } = await startTestApi(t);
  const commands = Array.from({ length: 1_000 }, (_, index) =>
    upsert(String(index), `u${index}`, { text: 'x'.repeat(2_000) }),
  );
  const { body } = await call('POST', '/v1/commands', { body: { commands } });
  assert.equal(resultsOf(body).length, 1_000);
  assert.equal(api.counters().applied, 1_000);
});
