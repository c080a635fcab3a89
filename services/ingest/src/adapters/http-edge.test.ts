/** Answers that are given before an event is looked at: framing, methods, browsers, settings, connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { trackCall } from '@astrolabe/segment/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { startTestServer as start } from '../test-server.ts';
import { API_KEY, WRITE_KEY, basicAuth } from '../testing.ts';

async function exchange(url: string, text: string): Promise<{ status: number; head: string; body: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(text);
  let answer = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('data', (chunk) => {
    answer += String(chunk);
    const end = answer.indexOf('\r\n\r\n');
    const length = Number(/^content-length: (\d+)/im.exec(answer.slice(0, end))?.[1]);
    if (end > 0 && (text.startsWith('HEAD') || answer.length >= end + 4 + length)) resolve();
  });
  socket.on('close', () => resolve());
  await promise;
  socket.destroy();
  const end = answer.indexOf('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]),
    head: answer.slice(0, end),
    body: answer.slice(end + 4),
  };
}

const EVENT = JSON.stringify(trackCall());
const KEY = `Authorization: ${basicAuth(`${API_KEY}:`)}\r\n`;
const post = (hosts: string, body = EVENT) =>
  `POST /v1/track HTTP/1.1\r\n${hosts}${KEY}Content-Length: ${body.length}\r\n\r\n${body}`;
const ask = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

const framing: Readonly<Record<string, readonly [text: string, status: number, code?: string]>> = {
  'with one Host': [post('Host: events.example.com:8443\r\n'), 200],
  'with an empty Host': [post('Host:\r\n'), 200],
  'without a Host': [post(''), 400, 'request.malformed'],
  'with two Hosts': [post('Host: a\r\nHost: b\r\n'), 400, 'request.malformed'],
  'with the same Host twice': [post('Host: a\r\nhost: a\r\n'), 400, 'request.malformed'],
  'with a Host that is a path': [post('Host: a/b\r\n'), 400, 'request.malformed'],
  'with two names in one Host': [post('Host: a, b\r\n'), 400, 'request.malformed'],
  'of HTTP/1.0 without a Host': ['GET / HTTP/1.0\r\n\r\n', 200],
  'of HTTP/1.0 with two Hosts': ['GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'request.malformed'],
  'that is not HTTP': ['\u0016\u0003\u0001\u0002', 400, 'request.malformed'],
  'with a header of 20 KB': [
    `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'request.malformed',
  ],
  'with a chunk that has no size': [
    `POST /v1/track HTTP/1.1\r\nHost: x\r\n${KEY}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    400,
    'request.malformed',
  ],
  'that expects what is not supported': [
    `POST /v1/track HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\nContent-Length: 2\r\n\r\n{}`,
    417,
    'request.malformed',
  ],
  'to probe the instance': [ask('GET', '/'), 200],
  'to probe the instance with HEAD': [ask('HEAD', '/'), 200],
  'to probe the instance with OPTIONS': [ask('OPTIONS', '/'), 200],
  'for a path that is none': [ask('GET', '/nothing'), 404, 'request.not-found'],
  'to a known path with GET': [ask('GET', '/v1/track'), 405, 'request.method-not-allowed'],
  'to a known path with PUT': [ask('PUT', '/sdk/batch/?a=b'), 405, 'request.method-not-allowed'],
  'to a known path with TRACE': [ask('TRACE', '/v1/batch'), 405, 'request.method-not-allowed'],
  'to a known path with QUERY': [ask('QUERY', '/v1/batch'), 405, 'request.method-not-allowed'],
  'to a known path with PROPFIND': [ask('PROPFIND', '/v1/batch'), 405, 'request.method-not-allowed'],
  'to the settings with DELETE': [ask('DELETE', '/v1/projects/nobody/settings'), 405, 'request.method-not-allowed'],
  'to a webhook with PATCH': [ask('PATCH', '/webhook/acme'), 405, 'request.method-not-allowed'],
  'to a webhook with OPTIONS': [ask('OPTIONS', '/webhook/acme'), 405, 'request.method-not-allowed'],
  'to the partner endpoint with OPTIONS': [ask('OPTIONS', '/segment'), 405, 'request.method-not-allowed'],
};

for (const [name, [text, status, code]] of Object.entries(framing)) {
  test(`a request ${name} is answered ${status}${code === undefined ? '' : ` with ${code}`}`, async (t) => {
    const { url, sink, metric } = await start(t);
    const answer = await exchange(url, text);
    assert.equal(answer.status, status, answer.head);
    assert.match(answer.head, /^content-type: application\/json; charset=utf-8$/im);
    assert.equal(sink.events.length, status === 200 && text.startsWith('POST') ? 1 : 0);
    if (code === undefined) return;
    const body = JSON.parse(answer.body) as Record<string, unknown>;
    assert.deepEqual({ ...body, message: '', error: '' }, { success: false, code, message: '', error: '' });
    assert.ok(typeof body['message'] === 'string' && body['message'] === body['error']);
    if (status === 405) assert.match(answer.head, /^allow: (POST|GET, HEAD|HEAD, GET)$/im);
    assert.equal(await metric(`ingest_requests_total{endpoint="unknown",connector="unknown",status="${status}"}`), '1');
  });
}

test('a probe learns nothing, and gets 503 while the instance stops', async (t) => {
  const { url, post: send, sink, close, metric } = await start(t);
  const probe = await fetch(`${url}/`);
  assert.deepEqual([await probe.json(), probe.headers.get('cache-control')], [{ success: true }, 'no-store']);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const gate = sink.hold();
  const answered = send('/v1/track', trackCall());
  while ((await metric('ingest_in_flight_bytes')) === '0') await new Promise(setImmediate);
  // The head of a second request has begun when the first is answered, so closing leaves the connection open for it.
  const first = once(socket, 'data');
  socket.write(`${ask('GET', '/')}GET / HTTP/1.1\r\nHost: x\r\n`);
  assert.match(String(await first), /^HTTP\/1\.1 200 /);
  const second = once(socket, 'data');
  const closed = close();
  socket.write('\r\n');
  assert.match(String(await second), /^HTTP\/1\.1 503 .*"code":"ingest.stopping"/s);
  gate.release();
  assert.equal((await answered).status, 200);
  socket.destroy();
  await closed;
});

const ORIGIN = 'https://shop.example';

test('a preflight succeeds for any origin and path, with any headers and with credentials', async (t) => {
  const { url } = await start(t);
  for (const path of [
    '/v1/t',
    '/b',
    '/v1/m/',
    '/sdk/batch',
    '/api/s/track',
    `/v1/projects/${WRITE_KEY}/settings`,
    '/v9',
  ]) {
    const requested = 'authorization,content-type,x-csrf-token,sentry-trace,baggage,tracestate,anonymousid,rsa-version';
    const preflight = await fetch(url + path, {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': requested,
      },
    });
    assert.equal(preflight.status, 200);
    const header = (name: string) => preflight.headers.get(`access-control-${name}`);
    assert.equal(header('allow-headers'), requested.replaceAll(',', ', '));
    assert.deepEqual([header('allow-origin'), header('allow-credentials')], [ORIGIN, 'true']);
    assert.match(header('allow-methods') ?? '', /POST/);
    assert.equal(preflight.headers.get('vary'), 'Origin, Access-Control-Request-Headers');
  }
});

interface ReadableCase {
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly isAway?: boolean;
}

const readable: Readonly<Record<number, ReadableCase>> = {
  200: {},
  400: { body: '{' },
  401: { headers: { authorization: basicAuth('nobody:') } },
  403: { headers: { authorization: basicAuth('key-dormant:') } },
  404: { path: '/v1/nothing' },
  405: { path: `/v1/projects/${WRITE_KEY}/settings` },
  415: { headers: { 'content-encoding': 'br' } },
  503: { isAway: true },
};

for (const [status, { path = '/v1/t', body = EVENT, headers = {}, isAway = false }] of Object.entries(readable)) {
  test(`a page can read an answer of ${status}, and when to retry`, async (t) => {
    const { post: send, sink } = await start(t);
    if (isAway) sink.failWith(new PipelineError('kafka.unavailable', 'no broker', { retryable: true }));
    const answer = await send(path, body, { origin: ORIGIN, ...headers });
    assert.equal(answer.status, Number(status));
    const names = ['allow-origin', 'allow-credentials', 'expose-headers'];
    const values = names.map((name) => answer.headers.get(`access-control-${name}`));
    assert.deepEqual([...values, answer.headers.get('vary')], [ORIGIN, 'true', 'retry-after', 'Origin']);
    const { headers: withoutOrigin } = await send(path, body, headers);
    assert.equal(withoutOrigin.get('access-control-allow-origin'), '*');
    assert.equal(withoutOrigin.get('access-control-allow-credentials'), null);
  });
}

test('a page can read that its connector has sent too much', async (t) => {
  const { post: send } = await start(t, { connectorEventsPerSecond: 1, connectorBurstEvents: 1 }, () => 0);
  await send('/v1/t', EVENT);
  const { status, headers } = await send('/v1/t', EVENT, { origin: ORIGIN });
  assert.deepEqual([status, headers.get('access-control-allow-origin')], [429, ORIGIN]);
  assert.match(headers.get('retry-after') ?? '', /^\d+$/);
});

interface SettingsCase {
  readonly headers?: Record<string, string>;
  readonly config?: Parameters<typeof start>[1];
  /** Host of the request. Default `events.example.com`. */
  readonly host?: string;
  readonly apiHost: string;
  readonly protocol: string | undefined;
  readonly isCached?: boolean;
}

const settings: Readonly<Record<string, SettingsCase>> = {
  'without a proxy that is trusted': {
    headers: { 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'evil.example' },
    apiHost: 'events.example.com/v1',
    protocol: undefined,
  },
  'behind a trusted proxy': {
    config: { trustedProxies: 1 },
    headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Port': '81' },
    apiHost: 'events.example.com/v1',
    protocol: 'https',
  },
  'to its own machine': { host: 'localhost:3100', apiHost: 'localhost:3100/v1', protocol: 'http' },
  'with a public URL': {
    config: { publicUrl: 'https://example.com:8443/collect', trustedProxies: 1 },
    headers: { 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'evil.example' },
    host: 'inner:3100',
    apiHost: 'example.com:8443/collect/v1',
    protocol: 'https',
    isCached: true,
  },
};

for (const [name, { headers = {}, config = {}, host = 'events.example.com', ...expected }] of Object.entries(
  settings,
)) {
  test(`an SDK that asks for its settings ${name} is told where to send`, async (t) => {
    const { url } = await start(t, config);
    const lines = Object.entries({ Host: host, ...headers }).map(([header, value]) => `${header}: ${value}\r\n`);
    const answer = await exchange(url, `GET /v1/projects/${WRITE_KEY}/settings HTTP/1.1\r\n${lines.join('')}\r\n`);
    const { integrations } = JSON.parse(answer.body) as { integrations: Record<string, Record<string, unknown>> };
    const { apiHost, protocol } = integrations['Segment.io'] ?? assert.fail();
    assert.deepEqual([apiHost, protocol], [expected.apiHost, expected.protocol]);
    const caching = expected.isCached === true ? 'public, max-age=60' : 'no-store';
    assert.match(answer.head, new RegExp(`^cache-control: ${caching}\r$`, 'im'));
    assert.match(answer.head, /^vary: Origin, Host, X-Forwarded-Proto\r?$/im);
  });
}

test('settings are refused if the request names no host, since the SDK would send to its vendor', async (t) => {
  const { url } = await start(t);
  const answer = await exchange(url, `GET /v1/projects/${WRITE_KEY}/settings HTTP/1.1\r\nHost:\r\n\r\n`);
  assert.equal(answer.status, 400);
  assert.match(answer.body, /INGEST_PUBLIC_URL/);
});

for (const [prefix, integration] of [
  ['', 'Segment.io'],
  ['/customerio', 'Customer.io Data Pipelines'],
  ['/hightouch', 'Hightouch.io'],
] as const) {
  test(`settings under "${prefix}/" name ${integration} and no other, or analytics.js would fetch more code`, async (t) => {
    const { url } = await start(t);
    for (const base of ['/v1', '']) {
      const response = await fetch(`${url}${prefix}${base}/projects/${WRITE_KEY}/settings`);
      const { integrations } = (await response.json()) as { integrations: object };
      assert.deepEqual(Object.keys(integrations), [integration]);
    }
  });
}

test('a key in X-Write-Key works for the Tracking API, and never overrides an Authorization', async (t) => {
  const { sink, post: send } = await start(t);
  const withKey = (key: string, authorization = '') => ({ authorization, 'x-write-key': key });
  for (const path of ['/api/s/track', '/api/s/s2s/track', '/v1/track']) {
    assert.equal((await send(path, EVENT, withKey(WRITE_KEY))).status, 200);
  }
  assert.equal((await send('/api/s/track', EVENT, withKey('nobody'))).status, 401);
  assert.equal((await send('/v1/track', EVENT, withKey('key-dormant', basicAuth(`${API_KEY}:`)))).status, 200);
  assert.equal((await send('/v1/track', EVENT, withKey(API_KEY, basicAuth('nobody:')))).status, 401);
  assert.equal(sink.events.length, 4);
});

test("June's and Jitsu's paths accept what the Tracking API accepts", async (t) => {
  const { sink, post: send } = await start(t);
  assert.equal((await send('/sdk/batch', { batch: [trackCall()] })).status, 200);
  for (const path of ['/sdk/identify', '/sdk/t', '/api/s/page', '/api/s/s2s/group']) {
    assert.equal((await send(path, { userId: 'u', groupId: 'g', event: 'E' })).status, 200);
  }
  assert.equal(sink.events.length, 5);
});

async function openConnections(url: string, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname));
  await Promise.all(
    sockets.map((socket) =>
      once(
        socket.on('error', () => undefined),
        'connect',
      ),
    ),
  );
  return sockets;
}

test('idle connections are closed to make room for active ones', async (t) => {
  const { url, post: send, metric } = await start(t, { maxConnections: 20 });
  const idle = await openConnections(url, 100);
  t.after(() => idle.forEach((socket) => socket.destroy()));
  for (let number = 0; number < 5; number += 1) assert.equal((await send('/v1/track', trackCall())).status, 200);
  while ((await metric('ingest_closed_connections_total{reason="idle"}')) === '0') {
    await new Promise(setImmediate);
  }
  assert.equal(await metric('ingest_closed_connections_total{reason="refused"}'), '0');
});

test('closing does not wait for connections without a request', async (t) => {
  const { url, close } = await start(t);
  const [unused] = await openConnections(url, 1);
  assert.ok(unused);
  const ended = once(unused, 'close');
  await Promise.all([close(), ended]);
});
