/** What the queries of all operations take, and that a problem names exactly the parameters that do not fit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../testing/validating-client.ts';

const longId = 'x'.repeat(1_001);
const occurredAt = '2025-11-24T10:30:00.000Z';

interface Case {
  readonly query: string;
  /** The parameters that the problem names, in their order. */
  readonly named: readonly string[];
  /** The document cannot tell a cursor of ours from any other text. */
  readonly fitsDocument?: true;
}

const pages: readonly Case[] = [
  { query: 'cursor=0', named: ['cursor'], fitsDocument: true },
  // Of another list, with blanks inside, with characters that base64url does not have, of more than one position.
  { query: 'cursor=WzFd', named: ['cursor'], fitsDocument: true },
  { query: 'cursor=WyAiYSJd', named: ['cursor'], fitsDocument: true },
  { query: 'cursor=!WyJhIl0', named: ['cursor'], fitsDocument: true },
  { query: 'cursor=WyJhIiwiYiJd', named: ['cursor'], fitsDocument: true },
  { query: 'cursor=', named: ['cursor'] },
  { query: 'cursor', named: ['cursor'] },
  { query: 'limit=0', named: ['limit'] },
  { query: 'limit=1001', named: ['limit'] },
  { query: 'limit=x', named: ['limit'] },
  { query: 'limit=', named: ['limit'] },
  { query: 'limit=1.5', named: ['limit'] },
  { query: 'limit=-1', named: ['limit'] },
  { query: 'limit=1&limit=1', named: ['limit'] },
  { query: 'limit=0&cursor=0', named: ['limit', 'cursor'] },
  { query: 'limit=%FF', named: ['limit'] },
  { query: 'force=true', named: ['force'] },
  { query: 'limit[]=1', named: ['limit[]'] },
  { query: '__proto__=1', named: ['__proto__'] },
];

const ids: readonly Case[] = ['userId', 'anonymousId'].flatMap((name) => [
  { query: `${name}=${longId}`, named: [name] },
  { query: `${name}=${'%F0%9F%98%80'.repeat(1_001)}`, named: [name] },
  { query: `${name}=`, named: [name] },
  { query: `${name}=a&${name}=a`, named: [name] },
  { query: `${name}=%FF`, named: [name] },
  { query: `${name}=%ED%A0%80`, named: [name] },
  { query: `${name}=%`, named: [name] },
  { query: `${name}=${longId}&limit=0`, named: [name, 'limit'] },
]);

const deletions: readonly Case[] = [
  { query: '', named: ['occurredAt'] },
  { query: 'occurredAt=', named: ['occurredAt'] },
  { query: 'occurredAt=2025-11-24T12:30:00+02:00', named: ['occurredAt'] },
  { query: `occurredAt=${occurredAt}&occurredAt=${occurredAt}`, named: ['occurredAt'] },
  { query: `occurredAt=${occurredAt}&force=true`, named: ['force'] },
];

const none: readonly Case[] = [{ query: 'force=true', named: ['force'] }];
const write = { idempotencyKey: '"k"', body: { occurredAt, properties: {} } };

const operations: readonly [
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  cases: readonly Case[],
  options?: object,
][] = [
  ['GET', '/v1/users', pages],
  ['GET', '/v1/accounts', pages],
  ['GET', '/v1/accounts/a/users', pages],
  ['GET', '/v1/events', [...pages, ...ids]],
  ['GET', '/v1/users/u', none],
  ['GET', '/v1/accounts/a', none],
  ['DELETE', '/v1/users/u', deletions, { idempotencyKey: '"k"' }],
  ['PUT', '/v1/users/u', none, write],
  ['PUT', '/v1/accounts/a', none, write],
  ['PUT', '/v1/accounts/a/users/u', none, { idempotencyKey: '"k"', body: { occurredAt } }],
  ['POST', '/v1/events', none, { ...write, body: { ...write.body, id: 'e', event: 'E', userId: 'u' } }],
  ['POST', '/v1/commands', none, { body: { commands: [{ id: 'c', kind: 'deleteUser', userId: 'u', occurredAt }] } }],
];

for (const [method, path, cases, options] of operations) {
  test(`${method} ${path} names each invalid parameter, and no other`, async (t) => {
    const { call } = await startTestApi(t);
    for (const { query, named, fitsDocument } of cases) {
      const answer = await call(method, `${path}?${query}`, { ...options, offContract: fitsDocument !== true });
      const { code, errors } = answer.body as { code?: string; errors?: { pointer: string }[] };
      assert.deepEqual([answer.status, code], [400, 'invalid-request'], query.slice(0, 50));
      assert.deepEqual(
        errors?.map(({ pointer }) => pointer),
        named,
        query.slice(0, 50),
      );
    }
  });
}

test('an invalid query is refused before a scripted fault applies', async (t) => {
  const { api, call } = await startTestApi(t);
  api.faults.add({ kind: 'status', status: 503, times: 1 });
  assert.equal((await call('GET', '/v1/users?limit=0', { offContract: true })).status, 400);
  assert.equal((await call('GET', '/v1/users?limit=1')).status, 503);
});

test('ids of the maximum length and empty parts between parameters are valid', async (t) => {
  const { call } = await startTestApi(t);
  const id = 'é'.repeat(1_000);
  const body = { id: 'e', event: 'E', userId: id, anonymousId: 'a b+c&d', occurredAt, properties: {} };
  await call('POST', '/v1/events', { idempotencyKey: '"k"', body });
  for (const query of [`userId=${encodeURIComponent(id)}`, 'anonymousId=a+b%2Bc%26d', 'limit=1&', 'limit=1000']) {
    const { items } = (await call('GET', `/v1/events?${query}`)).body as { items: unknown[] };
    assert.equal(items.length, 1, query.slice(0, 50));
  }
});
