import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '@astrolabe/json';
import fc from 'fast-check';
import { toApiRequest, type ApiRequest } from './api-request.ts';
import { commandId } from './command-id.ts';
import type { Command } from './generated/commands.ts';
import { loadOpenApi } from './openapi-validation.ts';
import type { PropertyMap } from './property-value.ts';

const contract = loadOpenApi();

const common = {
  commandId: commandId('acme', 'm-1', 'UpsertUser'),
  connectorId: 'acme',
  messageId: 'm-1',
  occurredAt: Date.UTC(2025, 10, 24, 10, 0),
  receivedAt: Date.UTC(2025, 10, 24, 10, 30),
};

function upsertUser(fields: Partial<Extract<Command, { kind: 'UpsertUser' }>['record']>): Command {
  return { kind: 'UpsertUser', record: { ...common, userId: 'u', properties: {}, ...fields } };
}

/** Where a request breaks the contract. */
function breaches({ method, path, body, idempotencyKey }: ApiRequest): readonly string[] {
  const headers = {
    authorization: 'Bearer key',
    'idempotency-key': idempotencyKey,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  return contract.requestErrors({
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body: JSON.parse(body) as unknown }),
  });
}

const idempotencyKey = `"${common.commandId}"`;
const occurredAt = '2025-11-24T10:00:00.000Z';
const properties: PropertyMap = { name: 'Initech', employees: 329, 'total billed': 830 };

test('each kind of command is the one call that carries it out', () => {
  const table: readonly (readonly [Command, Omit<ApiRequest, 'idempotencyKey' | 'body'> & { body: unknown }])[] = [
    [
      upsertUser({ properties }),
      { method: 'PUT', path: '/v1/users/u', template: '/v1/users/{userId}', body: { occurredAt, properties } },
    ],
    [
      { kind: 'UpsertAccount', record: { ...common, accountId: 'a', properties } },
      { method: 'PUT', path: '/v1/accounts/a', template: '/v1/accounts/{accountId}', body: { occurredAt, properties } },
    ],
    [
      { kind: 'AssociateUser', record: { ...common, accountId: 'a', userId: 'u' } },
      {
        method: 'PUT',
        path: '/v1/accounts/a/users/u',
        template: '/v1/accounts/{accountId}/users/{userId}',
        body: { occurredAt },
      },
    ],
    [
      {
        kind: 'TrackEvent',
        record: { ...common, event: 'e', userId: 'u', anonymousId: 'v', properties, userProperties: { plan: 'pro' } },
      },
      {
        method: 'POST',
        path: '/v1/events',
        template: '/v1/events',
        body: {
          id: common.commandId,
          event: 'e',
          userId: 'u',
          anonymousId: 'v',
          occurredAt,
          properties,
          userProperties: { plan: 'pro' },
        },
      },
    ],
    [
      { kind: 'DeleteUser', record: { ...common, userId: 'u' } },
      {
        method: 'DELETE',
        path: '/v1/users/u?occurredAt=2025-11-24T10%3A00%3A00.000Z',
        template: '/v1/users/{userId}',
        body: undefined,
      },
    ],
  ];
  for (const [command, { body, ...expected }] of table) {
    const request = toApiRequest(command);
    assert.deepEqual(
      { ...request, body: request.body === undefined ? undefined : parseJson(request.body) },
      { ...expected, body, idempotencyKey },
    );
    assert.deepEqual(breaches(request), [], command.kind);
  }
});

test("a visitor's event has no user properties: the contract refuses them, there is no user to set them on", () => {
  const record = { ...common, event: 'e', userId: null, anonymousId: 'v', properties, userProperties: { plan: 'pro' } };
  const request = toApiRequest({ kind: 'TrackEvent', record });
  assert.deepEqual(parseJson(request.body ?? ''), {
    id: common.commandId,
    event: 'e',
    anonymousId: 'v',
    occurredAt,
    properties,
  });
  assert.deepEqual(breaches(request), []);
});

test('an id is one segment of the path, whatever is in it', () => {
  const table: readonly (readonly [string, string])[] = [
    ['a/b', 'a%2Fb'],
    ['a?b=c', 'a%3Fb%3Dc'],
    ['50%', '50%25'],
    ['%2F', '%252F'],
    ['a#b', 'a%23b'],
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['...', '...'],
    ['a\r\nX-Injected: 1', 'a%0D%0AX-Injected%3A%201'],
    ['a b', 'a%20b'],
    ['ü', '%C3%BC'],
    ['\u{1F600}', '%F0%9F%98%80'],
    ['\ud800', '%EF%BF%BD'],
    ['\u0000', '%00'],
    ['x'.repeat(10_240), 'x'.repeat(10_240)],
    ['/'.repeat(10_240), '%2F'.repeat(10_240)],
    ['../'.repeat(3_413), '..%2F'.repeat(3_413)],
  ];
  for (const [id, segment] of table) {
    assert.equal(toApiRequest(upsertUser({ userId: id })).path, `/v1/users/${segment}`);
    assert.equal(
      toApiRequest({ kind: 'AssociateUser', record: { ...common, accountId: id, userId: id } }).path,
      `/v1/accounts/${segment}/users/${segment}`,
    );
    assert.equal(
      toApiRequest({ kind: 'DeleteUser', record: { ...common, userId: id } }).path.split('?')[0],
      `/v1/users/${segment}`,
    );
  }
});

test('any id comes back from the path as it is, and the path holds nothing but what a request line may', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (userId) => {
      const request = toApiRequest(upsertUser({ userId }));
      const [, , , segment, ...rest] = request.path.split('/');
      assert.deepEqual(rest, []);
      assert.equal(decodeURIComponent(segment ?? ''), userId);
      assert.match(request.path, /^[\x21-\x7e]+$/);
      assert.deepEqual(breaches(request), []);
    }),
  );
});

test('numbers keep their value in the body, 64 bits and all', () => {
  const numbers = { big: 2n ** 63n - 1n, small: -(2n ** 63n), fraction: 0.1, whole: 329, tiny: 5e-324 };
  const { body } = toApiRequest(upsertUser({ properties: numbers }));
  assert.match(body ?? '', /"big":9223372036854775807,"small":-9223372036854775808/);
  assert.deepEqual(parseJson(body ?? ''), { occurredAt, properties: numbers });
});
