import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createSchemaRegistry, schemaRegistryFromConfig } from './schema-registry.ts';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const TYPES: Answer = { status: 200, body: ['JSON', 'PROTOBUF', 'AVRO'] };

/** A server that answers by the path of the request, `types` where it is asked what it is. Undefined: it never answers. */
async function start(t: TestContext, answer: Answer | undefined, types: Answer = TYPES) {
  const requests: string[] = [];
  const credentials = new Set<string | undefined>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    credentials.add(request.headers.authorization);
    const chosen = request.url === '/schemas/types' ? types : answer;
    if (chosen === undefined) return;
    const { status, body = {} } = chosen;
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, credentials };
}

const notFound: Answer = { status: 404, body: { error_code: 40_403, message: 'Schema not found' } };

/** Every call that asks the registry for something. */
function callsOf(url: string, timeoutMs?: number) {
  const registry = createSchemaRegistry({ url, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  return [() => registry.apply('t'), () => registry.commandIds('t'), () => registry.schemaById(7)];
}

test('only a clear answer of the registry is final: incompatible, not allowed', async (t) => {
  const outcomes: readonly (readonly [number, string, boolean])[] = [
    [401, 'registry.unauthorized', false],
    [403, 'registry.unauthorized', false],
    [409, 'registry.schema-incompatible', false],
    [422, 'registry.schema-incompatible', false],
    [400, 'registry.unavailable', true],
    [429, 'registry.unavailable', true],
    [500, 'registry.unavailable', true],
    [503, 'registry.unavailable', true],
  ];
  for (const [status, code, retryable] of outcomes) {
    const { url } = await start(t, { status });
    for (const call of callsOf(url)) await assert.rejects(call, { code, retryable }, String(status));
  }
});

test('a schema that the registry does not know is undefined, and missing ones are named with their subjects', async (t) => {
  const { url, requests } = await start(t, notFound);
  const registry = createSchemaRegistry({ url });
  assert.equal(await registry.schemaById(7), undefined);
  assert.deepEqual(requests, ['GET /schemas/ids/7', 'GET /schemas/types', 'GET /schemas/ids/7']);
  await assert.rejects(registry.commandIds('commands'), {
    code: 'registry.schema-missing',
    retryable: false,
    details: {
      missing: ['AssociateUser', 'DeleteUser', 'TrackEvent', 'UpsertAccount', 'UpsertUser'].map(
        (name) => `commands-astrolabe.commands.v1.${name}`,
      ),
    },
  });
});

test('"not found" is no word of the registry where somebody else answers in its place', async (t) => {
  for (const types of [
    { status: 404, body: '<html>' },
    { status: 200, body: '<html>' },
    { status: 200, body: {} },
    { status: 503 },
  ]) {
    const { url } = await start(t, { status: 404, body: 'default backend - 404' }, types);
    for (const call of callsOf(url)) await assert.rejects(call, { code: 'registry.unavailable', retryable: true });
  }
});

test('a page that comes with a 200 is no answer of a registry', async (t) => {
  const { url } = await start(t, { status: 200, body: '<html>Sign in</html>' });
  for (const call of callsOf(url)) await assert.rejects(call, { code: 'registry.unavailable', retryable: true });
});

test('a registry that is not there, or never answers, is unavailable', async (t) => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const { url } = await start(t, undefined);
  for (const call of [...callsOf(`http://127.0.0.1:${port}`), ...callsOf(url, 50)]) {
    await assert.rejects(call, { code: 'registry.unavailable', retryable: true });
  }
});

test('credentials are sent where both are given, and a slash at the end of the URL is no part of it', async (t) => {
  const { url, requests, credentials } = await start(t, notFound);
  const section = { schemaRegistryUrl: `${url}//`, schemaRegistryUsername: 'user', schemaRegistryPassword: 'secret' };
  await schemaRegistryFromConfig(section).schemaById(7);
  assert.deepEqual([...credentials], [`Basic ${Buffer.from('user:secret').toString('base64')}`]);
  credentials.clear();
  await schemaRegistryFromConfig({ ...section, schemaRegistryPassword: undefined }).schemaById(8);
  assert.deepEqual([...credentials], [undefined]);
  assert.deepEqual([...new Set(requests)], ['GET /schemas/ids/7', 'GET /schemas/types', 'GET /schemas/ids/8']);
});

test('a schema that is no Avro, or that nobody can read, is another schema and no outage', async (t) => {
  const schemas: readonly (readonly [object, RegExp])[] = [
    [{ schemaType: 'JSON', schema: '{"type":"object"}' }, /^no Avro schema$/],
    [{ schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message A { string b = 1; }' }, /^no Avro schema$/],
    [{ schema: '{"type":"nonsense"}' }, /cannot read \(unknown type: "nonsense"\)$/],
    [{ schema: 'no JSON' }, /cannot read/],
    [{ schemaType: 'THRIFT', schema: 'x' }, /cannot read/],
  ];
  for (const [body, description] of schemas) {
    const { url } = await start(t, { status: 200, body });
    const schema = await createSchemaRegistry({ url }).schemaById(7);
    assert.ok(schema?.kind === 'other', JSON.stringify(body));
    assert.match(schema.description, description);
  }
});

test('an Avro schema is read as its type', async (t) => {
  const { url } = await start(t, { status: 200, body: { schema: '{"type":"record","name":"A","fields":[]}' } });
  const schema = await createSchemaRegistry({ url }).schemaById(7);
  assert.ok(schema?.kind === 'avro');
  assert.equal(schema.type.name, 'A');
});
