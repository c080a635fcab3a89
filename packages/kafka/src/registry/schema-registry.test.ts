import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { commandSchemasIn, createCommandDecoder, wireHeader } from '@astrolabe/records/serde';
import { LiveText } from '@astrolabe/service-kit';
import { createSchemaRegistry, schemaRegistryFromConfig } from './schema-registry.ts';

const withoutTls = {
  schemaRegistrySslCa: undefined,
  schemaRegistrySslCert: undefined,
  schemaRegistrySslKey: undefined,
  schemaRegistrySslKeyPassphrase: undefined,
  schemaRegistrySslServerName: undefined,
};

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

async function listen(t: TestContext, handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that gives one answer to everything. Undefined: it never answers. */
async function start(t: TestContext, answer: Answer | undefined) {
  const requests: string[] = [];
  const credentials = new Set<string | undefined>();
  const url = await listen(t, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    credentials.add(request.headers.authorization);
    if (answer === undefined) return;
    const { status, body = {} } = answer;
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { url, requests, credentials };
}

const notFound: Answer = { status: 404, body: { error_code: 40_403, message: 'Schema not found' } };

/** Every call that asks the registry for something. */
function callsOf(url: string, timeoutMs?: number) {
  const registry = commandSchemasIn(createSchemaRegistry({ url, ...(timeoutMs === undefined ? {} : { timeoutMs }) }));
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
  const registry = commandSchemasIn(createSchemaRegistry({ url }));
  assert.equal(await registry.schemaById(7), undefined);
  assert.deepEqual(requests, ['GET /schemas/ids/7']);
  await assert.rejects(registry.commandIds('commands'), {
    code: 'registry.schema-missing',
    retryable: false,
    details: {
      missing: ['AssociateUser', 'DeleteUser', 'TrackEvent', 'UpsertAccount', 'UpsertUser'].map(
        (name) => `commands-astrolabe.commands.v1.${name}`,
      ),
      registered: {},
    },
  });
});

/** What stands in the registry's place, and what it answers. `url` is what was asked for. */
const impostors: Readonly<Record<string, (response: ServerResponse, url: string) => void>> = {
  'an empty object': (response) => response.end('{}'),
  'JSON of another shape': (response) => response.end('{"status":"ok","id":"1","schema":{}}'),
  'a JSON array': (response) => response.end('[]'),
  null: (response) => response.end('null'),
  'no body': (response) => response.end(),
  'a page': (response) => response.end('<html>Sign in</html>'),
  'a page with 404': (response) => response.writeHead(404).end('default backend - 404'),
  'JSON with 404': (response) => response.writeHead(404).end('{"error_code":404,"message":"HTTP 404 Not Found"}'),
  'a redirect': (response) => response.writeHead(302, { location: '/login' }).end(),
  'a permanent redirect': (response) => response.writeHead(308, { location: '/elsewhere' }).end(),
  '204': (response) => response.writeHead(204).end(),
  'a body cut off in its length': (response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"schema":"{}', () => response.destroy());
  },
  'a chunked body cut off': (response) => {
    response.writeHead(200);
    response.write('{"schema":"{}', () => response.destroy());
  },
  'half a JSON text': (response) => response.end('{"schema":"{\\"type\\":'),
  'a schema text that is not JSON': (response) => response.end('{"schema":"{\\"type\\":\\"rec"}'),
  'the schema of another id': (response) => response.end('{"id":8,"schema":"\\"string\\""}'),
  'a body that never ends': (response) => {
    const drip = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(drip));
  },
};

for (const [name, answer] of Object.entries(impostors)) {
  test(`what is not the registry's answer is an outage, waited for: ${name}`, async (t) => {
    const url = await listen(t, (request, response) => {
      answer(response, request.url ?? '');
    });
    const registry = commandSchemasIn(createSchemaRegistry({ url, timeoutMs: 100 }));
    await assert.rejects(registry.schemaById(7), { code: 'registry.unavailable', retryable: true });
    if (name.startsWith('the schema of') || name.startsWith('a schema text')) return;
    await assert.rejects(registry.commandIds('t'), { code: 'registry.unavailable', retryable: true });
    await assert.rejects(registry.apply('t'), { code: 'registry.unavailable', retryable: true });
  });
}

test('nothing of an outage is kept: the registry is asked again, and then believed', async (t) => {
  let isBack = false;
  const url = await listen(t, (_request, response) => response.end(isBack ? '{"schema":"\\"string\\""}' : '{}'));
  const decoder = createCommandDecoder(createSchemaRegistry({ url }));
  const value = Buffer.concat([wireHeader(7), Buffer.from([0])]);
  await assert.rejects(async () => decoder.decode(value), { code: 'registry.unavailable' });
  isBack = true;
  const decoded = await decoder.decode(value);
  assert.ok(decoded.kind === 'undecodable');
  assert.deepEqual([decoded.code, decoded.reason], ['command.wrong-type', 'schema 7 is string, not a command']);
});

test('an answer without end is cut off', async (t) => {
  const url = await listen(t, (_request, response) => {
    const flood = (): void => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
    };
    response.on('drain', flood);
    flood();
  });
  await assert.rejects(createSchemaRegistry({ url }).schemaById(7), { code: 'registry.unavailable', message: /bytes/ });
});

test('credentials in the URL are sent as such, and no message has them', async (t) => {
  const { url, credentials } = await start(t, { status: 200 });
  const withCredentials = url.replace('http://', 'http://user:p%40ss@');
  for (const call of callsOf(withCredentials)) {
    await assert.rejects(
      call,
      (error: Error) => !JSON.stringify([error.message, String(error.cause)]).includes('p%40ss'),
    );
  }
  assert.deepEqual([...credentials], [`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
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

test('credentials are sent if both are given, and slashes at the end of the URL are ignored', async (t) => {
  const { url, requests, credentials } = await start(t, notFound);
  const section = {
    ...withoutTls,
    schemaRegistryUrl: `${url}//`,
    schemaRegistryUsername: 'user',
    schemaRegistryPassword: LiveText.of('secret'),
  };
  await schemaRegistryFromConfig(section).schemaById(7);
  assert.deepEqual([...credentials], [`Basic ${Buffer.from('user:secret').toString('base64')}`]);
  credentials.clear();
  await schemaRegistryFromConfig({ ...section, schemaRegistryPassword: undefined }).schemaById(8);
  assert.deepEqual([...credentials], [undefined]);
  assert.deepEqual([...new Set(requests)], ['GET /schemas/ids/7', 'GET /schemas/ids/8']);
});

test('a schema that is not Avro, or cannot be parsed, is reported as another schema, not as an outage', async (t) => {
  const schemas: readonly (readonly [object, RegExp])[] = [
    [{ schemaType: 'JSON', schema: '{"type":"object"}' }, /^a schema of type JSON$/],
    [
      { schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message A { string b = 1; }' },
      /^a schema of type PROTOBUF$/,
    ],
    [{ schema: '{"type":"nonsense"}' }, /cannot read \(unknown type: "nonsense"\)$/],
    [{ schemaType: 'THRIFT', schema: 'x' }, /^a schema of type THRIFT$/],
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
