/** Ids that a URL would take for something else, over HTTP to the reference API. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startReferenceApi } from '@astrolabe/reference-api';
import { toApiRequest, type Command } from '@astrolabe/schemas';
import { createApiClient } from './undici-api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import { readBulkOutcomes, toBulkItem, toBulkRequest } from '../core/bulk-request.ts';
import { classifyResponse, type ApiOutcome, type Verdict } from '../core/classify-response.ts';
import { common, upsertUser } from '../testing/commands.ts';

const KEY = 'key-of-acme';

const odd = [
  '.',
  '..',
  '...',
  '../accounts/a',
  '/',
  'a/b',
  'a//b/',
  '?',
  'a?occurredAt=2030-01-01T00:00:00Z',
  '#a',
  '%',
  '50%',
  '%2e%2e',
  '%2F',
  '\r\nidempotency-key: "x"\r\n\r\n',
  ' a ',
  '\u0000',
  'ü',
  '\u{1F600}',
  '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}',
  '\u{1F600}'.repeat(1_000),
];
const long = ['x'.repeat(10_240), '/'.repeat(10_240), '\u{1F600}'.repeat(2_560), '../'.repeat(3_413)];

/** Each id as a user, as an account and as both, every command with an id of its own. */
function commandsOf(ids: readonly string[], round: string): Command[] {
  return ids.flatMap((id, index): Command[] => {
    const record = (name: string) => ({ ...common, commandId: `${round}-${index}-${name}`, connectorId: 'acme' });
    return [
      upsertUser({ ...record('user'), userId: id, properties: { index } }),
      { kind: 'UpsertAccount', record: { ...record('account'), accountId: id, properties: { index } } },
      { kind: 'AssociateUser', record: { ...record('association'), accountId: id, userId: id } },
    ];
  });
}

const deletionsOf = (ids: readonly string[], round: string): Command[] =>
  ids.map((userId, index) => ({ kind: 'DeleteUser', record: { ...common, commandId: `${round}-${index}`, userId } }));

async function start(t: TestContext) {
  const api = await startReferenceApi({ apiKeys: [{ key: KEY, connector: 'acme' }] });
  const client = createApiClient({ baseUrl: api.url, timeoutMs: 10_000 });
  t.after(async () => {
    await client.close();
    await api.close();
  });
  const call = (request: ApiRequest): Promise<ApiOutcome> =>
    new Promise((resolve) => client.call(request, KEY, { onOutcome: resolve }, []));
  const single = async (commands: readonly Command[]): Promise<Verdict[]> => {
    const outcomes = await Promise.all(commands.map((command) => call(toApiRequest(command))));
    return outcomes.map((outcome) => classifyResponse(outcome, 0));
  };
  const bulk = async (commands: readonly Command[]): Promise<Verdict[]> => {
    const outcome = await call(toBulkRequest(commands.map((command) => toBulkItem(command))));
    const commandIds = commands.map(({ record }) => record.commandId);
    return (readBulkOutcomes(outcome, commandIds) ?? []).map((own) => classifyResponse(own, 0));
  };
  /** What a list of the API holds, by id. */
  const stored = async (list: 'users' | 'accounts', member: 'userId' | 'accountId') => {
    const response = await fetch(`${api.url}/v1/${list}?limit=1000`, { headers: { authorization: `Bearer ${KEY}` } });
    const { items } = (await response.json()) as { items: Record<string, unknown>[] };
    return new Map(items.map((item) => [item[member], item['properties']]));
  };
  return { single, bulk, stored, counters: () => api.counters() };
}

for (const way of ['single', 'bulk'] as const) {
  test(`${way} calls: every odd id reaches the API as itself, and no call changes what another id names`, async (t) => {
    const { [way]: send, stored, counters } = await start(t);
    const verdicts = await send(commandsOf(odd, 'write'));
    assert.deepEqual(new Set(verdicts.map(({ kind }) => kind)), new Set(['delivered']));
    const expected = new Map(odd.map((id, index) => [id, { index }]));
    assert.deepEqual(await stored('users', 'userId'), expected);
    assert.deepEqual(await stored('accounts', 'accountId'), expected);
    assert.equal(counters().applied, 3 * odd.length);

    const gone = odd.filter((_, index) => index % 2 === 0);
    await send(deletionsOf(gone, 'delete'));
    const left = new Map([...expected].filter(([id]) => !gone.includes(id)));
    assert.deepEqual(await stored('users', 'userId'), left);
    assert.deepEqual(await stored('accounts', 'accountId'), expected);
  });

  test(`${way} calls: an id that is too long is refused with its cause, alone, and is nobody else's`, async (t) => {
    const { [way]: send, stored } = await start(t);
    const verdicts = await send([
      ...commandsOf(long, 'long'),
      ...commandsOf(['a'], 'short'),
      ...deletionsOf(long, 'delete'),
    ]);
    const refused = verdicts.filter(({ kind }) => kind === 'rejected');
    assert.equal(refused.length, 4 * long.length);
    for (const verdict of refused) {
      assert.ok(verdict.kind === 'rejected');
      assert.equal(verdict.status, 400);
      assert.match(verdict.message, /1000 characters/);
      assert.ok(verdict.message.length < 1_000, 'what the API says does not carry the id along');
    }
    assert.deepEqual([...(await stored('users', 'userId')).keys()], ['a']);
    assert.deepEqual([...(await stored('accounts', 'accountId')).keys()], ['a']);
  });
}
