import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { OpenApiBody, OpenApiOperation, OpenApiParameter, OpenApiReference } from './openapi-document.ts';
import { loadOpenApi } from './openapi-validation.ts';

const contract = loadOpenApi();
const { document } = contract;
const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ name: `${method} ${path}`, method, path, operation }];
  }),
);

function resolved<T extends object>(value: T | OpenApiReference): T {
  if (!('$ref' in value)) return value;
  return value.$ref
    .slice(2)
    .split('/')
    .reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], document) as T;
}

function parametersOf(path: string, operation: OpenApiOperation): OpenApiParameter[] {
  return [...(document.paths[path]?.parameters ?? []), ...(operation.parameters ?? [])].map((parameter) =>
    resolved<OpenApiParameter>(parameter),
  );
}

test('the document is OpenAPI 3.1', async () => {
  const text = readFileSync(new URL('../openapi/astrolabe.yaml', import.meta.url), 'utf8');
  const { valid, errors } = await new Validator().validate(text);
  assert.ok(valid, JSON.stringify(errors));
});

test('every schema compiles, and every example of a schema fits it', () => {
  let examples = 0;
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    assert.doesNotThrow(() => contract.errorsOf(name, null), name);
    for (const example of schema.examples ?? []) {
      assert.deepEqual(contract.errorsOf(name, example), [], name);
      examples += 1;
    }
  }
  assert.ok(examples > 20);
});

test('every example of a body fits the schema of the body', () => {
  const bodies = operations.flatMap(({ name, operation }) => [
    { name, body: operation.requestBody },
    ...Object.entries(operation.responses).map(([status, response]) => ({
      name: `${name} ${status}`,
      body: resolved<OpenApiBody>(response),
    })),
  ]);
  let examples = 0;
  for (const { name, body } of bodies) {
    for (const { schema, example, examples: named } of Object.values(body?.content ?? {})) {
      const values = Object.values(named ?? {}).map(({ value }) => value);
      for (const value of example === undefined ? values : [example, ...values]) {
        assert.deepEqual(contract.errorsAt(schema.$ref.slice(1), value), [], name);
        examples += 1;
      }
    }
  }
  assert.ok(examples > 5);
});

test('every path parameter is declared, and every declared one is in the path', () => {
  for (const { name, path, operation } of operations) {
    const declared = parametersOf(path, operation).filter((parameter) => parameter.in === 'path');
    assert.deepEqual(
      declared.map((parameter) => parameter.name),
      [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
      name,
    );
  }
});

test('every write except bulk takes an idempotency key, and documents a key in use and a reused key', () => {
  for (const { name, method, path, operation } of operations) {
    const takesKey = parametersOf(path, operation).some((parameter) => parameter.name === 'Idempotency-Key');
    assert.equal(takesKey, method !== 'get' && path !== '/v1/commands', name);
    if (takesKey) for (const status of ['409', '422']) assert.ok(operation.responses[status], `${name} ${status}`);
  }
});

test('every operation answers 401, 403, 429 and unforeseen problems as the contract says', () => {
  for (const { name, operation } of operations) {
    for (const status of ['200', '401', '403', '429', 'default']) {
      assert.ok(operation.responses[status], `${name} ${status}`);
    }
  }
});

test('the table in the description explains exactly the closed list of problem codes', () => {
  const explained = [...document.info.description.matchAll(/^\| `([a-z-]+)` \| [0-9]{3} /gm)].map((match) => match[1]);
  assert.deepEqual(explained, document.components.schemas['ProblemCode']?.enum);
});

const write = {
  method: 'PUT',
  path: '/v1/users/a%2Fb',
  headers: { authorization: 'Bearer key', 'content-type': 'application/json', 'idempotency-key': '"k"' },
  body: { occurredAt: '2025-11-24T10:30:00Z', properties: {} },
};

test('a request is checked against its path, parameters, credential, key and body', () => {
  assert.deepEqual(contract.requestErrors(write), []);
  const broken = [
    { ...write, path: '/v1/people/u' },
    { ...write, method: 'PATCH' },
    { ...write, path: `/v1/users/${'x'.repeat(1_001)}` },
    { ...write, path: '/v1/users/u?force=true' },
    { ...write, headers: { ...write.headers, authorization: undefined } },
    { ...write, headers: { ...write.headers, 'idempotency-key': undefined } },
    { ...write, headers: { ...write.headers, 'content-type': 'text/plain' } },
    { ...write, body: { properties: {} } },
    { ...write, method: 'DELETE', path: '/v1/users/u', body: undefined },
    { ...write, method: 'GET', path: '/v1/users?limit=0', body: undefined },
    { ...write, method: 'GET', path: '/v1/users?limit=', body: undefined },
    { ...write, method: 'GET', path: '/v1/users?limit=1&limit=2', body: undefined },
    { ...write, method: 'GET', path: '/v1/events?userId=%FF', body: undefined },
    { ...write, headers: { ...write.headers, 'idempotency-key': 'k, l' } },
    { ...write, headers: { ...write.headers, 'idempotency-key': `"${'k'.repeat(256)}"` } },
  ];
  for (const request of broken) assert.notDeepEqual(contract.requestErrors(request), [], JSON.stringify(request));
});

test('an answer is checked against its status, headers, content type and body', () => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const problem = { type: 'urn:x', title: 't', status: 429, detail: 'd', code: 'rate-limited' };
  const problemHeaders = { 'content-type': 'application/problem+json', 'retry-after': '3' };
  assert.deepEqual(contract.responseErrors(write, { status: 200, headers, body: { result: 'applied' } }), []);
  assert.deepEqual(contract.responseErrors(write, { status: 429, headers: problemHeaders, body: problem }), []);
  const broken = [
    { status: 200, headers, body: { result: 'maybe' } },
    { status: 200, headers: { ...headers, 'idempotency-replayed': 'no' }, body: { result: 'applied' } },
    { status: 200, headers: {}, body: { result: 'applied' } },
    { status: 429, headers, body: problem },
    { status: 429, headers: { ...problemHeaders, 'retry-after': 'soon' }, body: problem },
    { status: 500, headers: problemHeaders, body: { ...problem, code: 'oops' } },
  ];
  for (const response of broken) {
    assert.notDeepEqual(contract.responseErrors(write, response), [], JSON.stringify(response));
  }
});
