import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOpenApi } from '@astrolabe/schemas/testing';
import type { Command } from '@astrolabe/schemas';
import { common, upsertUser } from '../testing/commands.ts';
import { readBulkOutcomes, toBulkItem, toBulkRequest } from './bulk-request.ts';
import type { ApiOutcome } from './classify-response.ts';

const every: readonly Command[] = [
  upsertUser({ userId: '..', properties: { a: 1, b: null } }),
  { kind: 'UpsertAccount', record: { ...common, accountId: 'a/b', properties: { c: 'ü' } } },
  { kind: 'AssociateUser', record: { ...common, accountId: 'a', userId: '\r\n?%' } },
  {
    kind: 'TrackEvent',
    record: { ...common, event: 'e', userId: 'u', anonymousId: null, properties: {}, userProperties: { x: true } },
  },
  {
    kind: 'TrackEvent',
    record: { ...common, event: 'e', userId: null, anonymousId: 'v', properties: {}, userProperties: {} },
  },
  { kind: 'DeleteUser', record: { ...common, userId: '🙂'.repeat(10) } },
];

test('each kind of command is an item of the contract, with its ids as they are', () => {
  const contract = loadOpenApi();
  for (const command of every) {
    const item = JSON.parse(toBulkItem(command)) as Record<string, unknown>;
    assert.deepEqual(contract.errorsOf('Command', item), [], command.kind);
    if ('userId' in command.record && command.record.userId !== null)
      assert.equal(item['userId'], command.record.userId);
    if ('accountId' in command.record) assert.equal(item['accountId'], command.record.accountId);
  }
  const { body, path, idempotencyKey } = toBulkRequest(every.map((command) => toBulkItem(command)));
  assert.deepEqual(contract.errorsOf('CommandBatch', JSON.parse(body ?? '')), []);
  assert.deepEqual([path, idempotencyKey], ['/v1/commands', undefined]);
});

test('any id is text in an item, and nothing of it leaves its place', () => {
  const ids = [
    '.',
    '..',
    '../users/v',
    'a/b',
    'a?b=c',
    '50%',
    '%2e%2e',
    '\r\n',
    '"}],"x":[{"',
    '\u{1F600}',
    'x'.repeat(10_240),
  ];
  for (const id of ids) {
    const commands: readonly Command[] = [
      upsertUser({ userId: id }),
      { kind: 'UpsertAccount', record: { ...common, accountId: id, properties: {} } },
      { kind: 'AssociateUser', record: { ...common, accountId: id, userId: id } },
      { kind: 'DeleteUser', record: { ...common, userId: id } },
    ];
    const { method, path, body } = toBulkRequest(commands.map((command) => toBulkItem(command)));
    assert.deepEqual([method, path], ['POST', '/v1/commands']);
    const sent = JSON.parse(body ?? '') as { commands: { userId?: string; accountId?: string }[] };
    assert.deepEqual(
      sent.commands.map(({ accountId, userId }) => [accountId, userId]),
      [
        [undefined, id],
        [id, undefined],
        [id, id],
        [undefined, id],
      ],
    );
  }
});

const answered = (results: unknown): ApiOutcome => ({
  kind: 'response',
  status: 200,
  headers: {},
  body: JSON.stringify({ results }),
});

test('each result is the answer that a call for it alone would have had', () => {
  const problem = { code: 'invalid-id', title: 'No' };
  const outcomes = readBulkOutcomes(
    answered([
      { id: 'a', status: 200, result: 'applied' },
      { id: 'b', status: 200, result: 'applied', replayed: true },
      { id: 'c', status: 400, problem },
    ]),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(outcomes, [
    { kind: 'response', status: 200, headers: {}, body: '' },
    { kind: 'response', status: 200, headers: { 'idempotency-replayed': 'true' }, body: '' },
    { kind: 'response', status: 400, headers: {}, body: JSON.stringify(problem) },
  ]);
});

test('an answer that does not say what became of each command leaves it unknown, and no result is taken for another command', () => {
  for (const results of [
    [],
    [{ id: 'a', status: 200 }],
    'none',
    [
      { id: 'b', status: 200 },
      { id: 'a', status: 200 },
    ],
    [null, 7],
  ]) {
    const outcomes = readBulkOutcomes(answered(results), ['a', 'b']) ?? [];
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['no-response', 'no-response'],
      JSON.stringify(results),
    );
  }
  assert.equal(readBulkOutcomes({ kind: 'response', status: 503, headers: {}, body: '' }, ['a']), undefined);
  assert.equal(readBulkOutcomes({ kind: 'no-response', reason: 'timeout', message: '' }, ['a']), undefined);
});
