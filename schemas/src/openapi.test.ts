import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { OpenApiBody, OpenApiOperation, OpenApiParameter, OpenApiReference } from './openapi-document.ts';
import { escapeName } from './openapi-nodes.ts';
import { loadOpenApi, openApiNames, readOpenApi, type OpenApiContract } from './openapi-validation.ts';

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

interface NamedOperation {
  readonly name: string;
  readonly method: (typeof methods)[number];
  readonly path: string;
  readonly operation: OpenApiOperation;
}

function operationsOf({ document }: OpenApiContract): NamedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ name: `${method} ${path}`, method, path, operation }];
    }),
  );
}

/** A part of the document, or what it refers to, with its place. */
function resolved<T extends object>(
  { document }: OpenApiContract,
  value: T | OpenApiReference,
  pointer: string,
): { readonly node: T; readonly pointer: string } {
  if (!('$ref' in value)) return { node: value, pointer };
  const target = value.$ref.slice(1);
  const node = target
    .slice(1)
    .split('/')
    .reduce<unknown>((parent, part) => (parent as Record<string, unknown>)[part], document) as T;
  return { node, pointer: target };
}

function parametersOf(contract: OpenApiContract, path: string, operation: OpenApiOperation): OpenApiParameter[] {
  return [...(contract.document.paths[path]?.parameters ?? []), ...(operation.parameters ?? [])].map(
    (parameter) => resolved<OpenApiParameter>(contract, parameter, '').node,
  );
}

/** The table of codes in the description, in its order. */
function explainedCodes({ document }: OpenApiContract): (string | undefined)[] {
  return [...document.info.description.matchAll(/^\| `([a-z.-]+)` \| [0-9]{3} /gm)].map((match) => match[1]);
}

for (const name of openApiNames) {
  const contract = loadOpenApi(name);
  const { document } = contract;

  test(`${name}: the document is OpenAPI 3.1`, async () => {
    const { valid, errors } = await new Validator().validate(readOpenApi(name));
    assert.ok(valid, JSON.stringify(errors));
  });

  test(`${name}: every path parameter is declared, and every declared one is in the path`, () => {
    for (const { name: operationName, path, operation } of operationsOf(contract)) {
      const declared = parametersOf(contract, path, operation).filter((parameter) => parameter.in === 'path');
      assert.deepEqual(
        declared.map((parameter) => parameter.name),
        [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
        operationName,
      );
    }
  });

  // That of the console is made from its routes, and has no examples.
  if (name === 'console') continue;

  test(`${name}: every schema compiles, and every example of a schema fits it`, () => {
    let examples = 0;
    for (const [schemaName, schema] of Object.entries(document.components.schemas)) {
      assert.doesNotThrow(() => contract.errorsOf(schemaName, null), schemaName);
      for (const example of schema.examples ?? []) {
        assert.deepEqual(contract.errorsOf(schemaName, example), [], schemaName);
        examples += 1;
      }
    }
    assert.ok(examples > 10);
  });

  test(`${name}: every example of a body fits the schema of the body`, () => {
    const bodies = operationsOf(contract).flatMap(({ name: operationName, method, path, operation }) => {
      const pointer = `/paths/${escapeName(path)}/${method}`;
      return [
        ...(operation.requestBody === undefined
          ? []
          : [{ name: operationName, node: operation.requestBody, pointer: `${pointer}/requestBody` }]),
        ...Object.entries(operation.responses).map(([status, response]) => ({
          name: `${operationName} ${status}`,
          ...resolved<OpenApiBody>(contract, response, `${pointer}/responses/${status}`),
        })),
      ];
    });
    let examples = 0;
    for (const { name: bodyName, node, pointer } of bodies) {
      for (const [mediaType, { example, examples: named }] of Object.entries(node.content ?? {})) {
        const values = Object.values(named ?? {}).map(({ value }) => value);
        for (const value of example === undefined ? values : [example, ...values]) {
          const schema = `${pointer}/content/${escapeName(mediaType)}/schema`;
          assert.deepEqual(contract.errorsAt(schema, value), [], bodyName);
          examples += 1;
        }
      }
    }
    assert.ok(examples > 5);
  });
}

const contract = loadOpenApi();
const { document } = contract;
const operations = operationsOf(contract);

test('every write except bulk takes an idempotency key, and documents a key in use and a reused key', () => {
  for (const { name, method, path, operation } of operations) {
    const takesKey = parametersOf(contract, path, operation).some((parameter) => parameter.name === 'Idempotency-Key');
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

test('the table in the description explains exactly the closed list of codes', () => {
  assert.deepEqual(explainedCodes(contract), document.components.schemas['ProblemCode']?.enum);
  const ingest = loadOpenApi('ingest');
  const [listed] = ingest.document.components.schemas['RefusalCode']?.anyOf ?? [];
  assert.deepEqual(explainedCodes(ingest).toSorted(), listed?.enum?.toSorted());
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
