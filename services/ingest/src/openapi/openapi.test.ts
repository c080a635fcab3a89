/**
 * Ingest and `schemas/openapi/ingest.yaml` say the same: its routes, what it takes, every answer that it gives, and
 * every refusal that the document names, at each operation that names it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { OpenApiBody } from '@astrolabe/schemas/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createParseErrors } from '../adapters/http-framing.ts';
import { startTestServer } from '../test-server.ts';
import { DISABLED_KEY, WRITE_KEY, basicAuth } from '../testing.ts';
import {
  Reached,
  bodyWith,
  contract,
  eventOperations,
  goodBody,
  goodEvent,
  isListOperation,
  keyHeader,
  operations,
  type DocumentedOperation,
} from './testing/documented-ingest.ts';
import { exchange, exchangeOn, openSocket } from './testing/raw-exchange.ts';

const reached = new Reached();

function operationOf(id: string): DocumentedOperation {
  const found = operations.find((each) => each.id === id);
  assert.ok(found !== undefined, id);
  return found;
}

test('every route of ingest is documented, and every documented path is a route', async (t) => {
  const { routes } = await startTestServer(t);
  const real = routes
    // HEAD is there wherever GET is, and a preflight on every path; the description says so.
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(documentedRoutes().toSorted(), real.toSorted());
});

/** With each other base and alias, as Fastify writes a path. */
function documentedRoutes(): string[] {
  const { paths, 'x-bases': bases = {} } = contract.document;
  return operations.flatMap(({ method, template }) => {
    const { 'x-base': base, 'x-aliases': aliases = [], parameters = [] } = paths[template] ?? {};
    const [own, ...others] = base === undefined ? [''] : (bases[base] ?? assert.fail(`no such base: ${base}`));
    const types = parameters.flatMap((each) =>
      'name' in each && each.name === 'type' ? (each.schema.enum ?? []) : [],
    );
    return [template, ...aliases].flatMap((path) => {
      assert.ok(path.startsWith(own), path);
      return [own, ...others].flatMap((each) => {
        const written = each + path.slice(own.length);
        const named = types.length === 0 ? [written] : types.map((type) => written.replace('{type}', String(type)));
        return named.map((name) => `${method.toUpperCase()} ${name.replaceAll(/\{(\w+)\}/g, ':$1')}`);
      });
    });
  });
}

test('a request that keeps the document is stored, and its answer is documented', async (t) => {
  const { url, sink } = await startTestServer(t);
  for (const operation of eventOperations) {
    const before = sink.events.length;
    const { status } = await reached.send(url, operation, { body: goodBody(operation), keepsDocument: true });
    assert.deepEqual([operation.id, status, sink.events.length - before], [operation.id, 200, 1]);
  }
  const webhook = operationOf('webhook');
  const list = [goodEvent(webhook), { type: 'nonsense', userId: 'u1' }];
  const partly = await reached.send(url, webhook, { body: list, keepsDocument: false });
  assert.equal((partly.body as { rejected: unknown[] }).rejected.length, 1);
  await reached.send(url, operationOf('sdkMetrics'), { body: { series: [] }, keepsDocument: true });
  await reached.send(url, operationOf('probe'), { keepsDocument: true });
});

test('every example of a request in the document is stored', async (t) => {
  const { url, sink } = await startTestServer(t);
  let examples = 0;
  for (const operation of eventOperations) {
    const { example } = operation.operation.requestBody?.content?.['application/json'] ?? {};
    const { body } = await reached.send(url, operation, { body: example, keepsDocument: true });
    assert.deepEqual(body, { success: true });
    examples += 1;
  }
  assert.ok(examples > 8 && sink.deadLetters.length === 0);
});

test('a bad event is refused as documented at every operation', async (t) => {
  const { url, sink } = await startTestServer(t);
  for (const operation of eventOperations) {
    const broken = { body: '{', keepsDocument: false };
    assert.equal((await reached.send(url, operation, broken)).status, 400);
    const ofWrongForm = isListOperation(operation) ? { batch: 3 } : { type: 'track', userId: 'u1' };
    const unless = ['identify', 'page', 'screen', 'group', 'alias'].includes(operation.id);
    await reached.send(url, operation, { body: unless ? { userId: [] } : ofWrongForm, keepsDocument: false });
    const large = bodyWith(operation, { ...goodEvent(operation), text: 'x'.repeat(100_001) });
    assert.equal((await reached.send(url, operation, { body: large })).status, 400);
    if (!isListOperation(operation)) {
      await reached.send(url, operation, { body: { type: 'nonsense', userId: 'u1' }, keepsDocument: false });
      const headers = { authorization: basicAuth(`${WRITE_KEY}:`) };
      await reached.send(url, operation, { body: { type: 'unsuppress', userId: 'u1' }, headers });
    }
    const text = JSON.stringify(goodBody(operation));
    const head = `POST ${operation.path} HTTP/1.1\r\nHost: a\r\nHost: b\r\nAuthorization: ${keyHeader.authorization}`;
    const answer = await exchange(url, `${head}\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    assert.equal(reached.note(operation, operation.path, answer), 'request.malformed');
  }
  const page = { type: 'page', userId: 'u1' };
  assert.equal((await reached.send(url, operationOf('partner'), { body: page, keepsDocument: true })).status, 501);
  assert.equal(sink.events.length, 0);
});

test('a key that is missing, unknown or switched off is refused as documented at every operation', async (t) => {
  const { url } = await startTestServer(t);
  for (const operation of eventOperations) {
    const body = goodBody(operation);
    const unknown = { authorization: basicAuth('nobody:') };
    assert.equal((await reached.send(url, operation, { body, headers: { authorization: '' } })).status, 401);
    assert.equal((await reached.send(url, operation, { body, headers: unknown })).status, 401);
    const path = operation.path.replace('acme', 'dormant');
    const headers = { authorization: basicAuth(`${DISABLED_KEY}:`) };
    assert.equal((await reached.send(url, operation, { path, body, headers })).status, 403);
    const encoded = { body, headers: { 'content-encoding': 'br' } };
    assert.equal((await reached.send(url, operation, encoded)).status, 415);
  }
});

test('what cannot be taken now is refused as documented at every operation', async (t) => {
  const { url, sink, thread } = await startTestServer(t);
  sink.failWith(new PipelineError('kafka.unavailable', 'no broker', { retryable: true }));
  for (const operation of eventOperations) {
    assert.equal((await reached.send(url, operation, { body: goodBody(operation) })).status, 503);
  }
  thread.failWith(new PipelineError('ingest.internal', 'the thread was lost', { retryable: true }));
  for (const operation of eventOperations) {
    const costly = bodyWith(operation, { ...goodEvent(operation), text: 'x'.repeat(70_000) });
    assert.equal((await reached.send(url, operation, { body: costly })).status, 503);
  }
  sink.failWith(new TypeError('a defect of ours'));
  const [track] = [operationOf('track')];
  assert.equal((await reached.send(url, track, { body: goodBody(track) })).status, 500);

  const { url: small } = await startTestServer(t, { maxInFlightBytes: 10 });
  for (const operation of eventOperations) {
    assert.equal((await reached.send(small, operation, { body: goodBody(operation) })).status, 503);
  }
  for (const operation of eventOperations) {
    const limit = { connectorEventsPerSecond: 1, connectorBurstEvents: 1 };
    const { url: limited } = await startTestServer(t, limit, () => 0);
    const sent = { body: goodBody(operation) };
    const statuses = [await reached.send(limited, operation, sent), await reached.send(limited, operation, sent)];
    assert.deepEqual(
      statuses.map(({ status }) => status),
      [200, 429],
    );
  }
});

test('an instance that stops says so as documented at every operation', async (t) => {
  const { url, close } = await startTestServer(t);
  const stopping = [...eventOperations, operationOf('probe')];
  // A request that has begun when the instance stops is answered.
  const begun = await Promise.all(
    stopping.map(async (operation) => {
      const socket = openSocket(url);
      const probe = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
      const head = `${operation.method.toUpperCase()} ${operation.path} HTTP/1.1\r\nHost: x\r\n`;
      await exchangeOn(socket, `${probe}${head}`);
      return { operation, socket };
    }),
  );
  const closed = close();
  for (const { operation, socket } of begun) {
    const text = operation.method === 'get' ? '' : JSON.stringify(goodBody(operation));
    const key = `Authorization: ${keyHeader.authorization}\r\nContent-Length: ${text.length}\r\n\r\n`;
    const answer = await exchangeOn(socket, `${key}${text}`);
    assert.equal(reached.note(operation, operation.path, answer), 'ingest.stopping');
    socket.destroy();
  }
  await closed;
});

test('pixels and settings answer as documented', async (t) => {
  const { url, sink } = await startTestServer(t);
  const pixel = operationOf('pixel');
  const event = { writeKey: WRITE_KEY, userId: 'u1', event: 'Email Opened' };
  const data = `${pixel.path}?data=${encodeURIComponent(Buffer.from(JSON.stringify(event)).toString('base64'))}`;
  const fields = `${pixel.path}?${new URLSearchParams(event).toString()}&properties.subject=Hello`;
  const withoutKey = { authorization: '' };
  for (const path of [data, fields]) await reached.send(url, pixel, { path, headers: withoutKey, keepsDocument: true });
  assert.equal(sink.events.length, 2);
  sink.failWith(new PipelineError('kafka.unavailable', 'no broker', { retryable: true }));
  await reached.send(url, pixel, { path: data, headers: withoutKey });
  const { url: limited } = await startTestServer(t, { connectorEventsPerSecond: 1, connectorBurstEvents: 1 }, () => 0);
  for (let call = 0; call < 3; call += 1) await reached.send(limited, pixel, { path: data, headers: withoutKey });

  const settings = operationOf('settings');
  for (const key of [WRITE_KEY, 'nobody', DISABLED_KEY]) {
    await reached.send(url, settings, {
      path: `/v1/projects/${key}/settings`,
      headers: withoutKey,
      keepsDocument: true,
    });
  }
  const withoutHost = await exchange(url, `GET ${settings.path} HTTP/1.0\r\n\r\n`);
  assert.equal(reached.note(settings, settings.path, withoutHost), 'request.malformed');
  const { url: named } = await startTestServer(t, { publicUrl: 'https://events.example.com' });
  assert.match(String((await reached.send(named, settings)).headers['cache-control']), /max-age=60/);
});

test('what is not valid HTTP is refused as documented', async (t) => {
  const { url } = await startTestServer(t);
  const track = operationOf('track');
  const post = `POST ${track.path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${keyHeader.authorization}\r\n`;
  for (const [status, text] of [
    [400, `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    [413, `${post}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`],
    [417, `${post}Expect: nonsense\r\nContent-Length: 2\r\n\r\n{}`],
    [431, `${post}X-Big: ${'x'.repeat(20_000)}\r\n\r\n`],
  ] as const) {
    const answer = await exchange(url, text);
    assert.deepEqual([answer.status, reached.note(track, track.path, answer)], [status, 'request.malformed']);
  }
  // A server of its own, for one that waits less than ingest does.
  const server = createServer({ headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 10 });
  const nothing = (): undefined => undefined;
  server.on('clientError', createParseErrors(nothing, nothing).answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const late = await exchange(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, post);
  assert.deepEqual([late.status, reached.note(track, track.path, late)], [408, 'request.incomplete']);
});

test('paths and methods that are not of the document are refused with its codes', async (t) => {
  const { url } = await startTestServer(t);
  for (const [method, path, status, code] of [
    ['GET', '/nothing', 404, 'request.not-found'],
    ['GET', '/v1/%', 400, 'request.not-found'],
    ['PUT', '/v1/track', 405, 'request.method-not-allowed'],
  ] as const) {
    assert.notDeepEqual(contract.requestErrors({ method, path, headers: keyHeader }), []);
    const answer = await fetch(url + path, { method });
    const body = (await answer.json()) as { code: string };
    assert.deepEqual([answer.status, body.code, contract.errorsOf('Refusal', body)], [status, code, []]);
  }
});

test('every answer that the document names was given, at each operation that names it', () => {
  const named = operations.flatMap(({ id, operation }) =>
    Object.entries(operation.responses)
      .filter(([status]) => status !== 'default')
      .flatMap(([status, response]) => codesOf(response).map((code) => `${id} ${status} ${code}`)),
  );
  assert.deepEqual(
    named.filter((answer) => !reached.answers.includes(answer)),
    [],
  );
  assert.ok(named.length > 100, String(named.length));
});

function codesOf(response: OpenApiBody | { readonly $ref: string }): string[] {
  const body = '$ref' in response ? (contract.locate(response.$ref.slice(1)) as OpenApiBody) : response;
  const { schema } = body.content?.['application/json'] ?? {};
  const { code } = (schema as RefusalSchema | undefined)?.allOf?.[1]?.properties ?? {};
  if (code === undefined) return ['done'];
  // The only pattern: every code of the brokers.
  return code.enum ?? [...(code.anyOf?.[0]?.enum ?? []), 'kafka.unavailable'];
}

interface RefusalSchema {
  readonly allOf?: readonly {
    readonly properties?: {
      readonly code?: { readonly enum?: string[]; readonly anyOf?: readonly { readonly enum?: string[] }[] };
    };
  }[];
}
