import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { startAdminServer, type AdminServerOptions } from './admin-server.ts';
import { isPipelineError } from '../errors/errors.ts';
import { createLogger } from '../logs/logger.ts';
import { createMetrics } from '../process/metrics.ts';

async function start(t: TestContext, overrides: Partial<AdminServerOptions> = {}) {
  const server = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    registry: createMetrics({ service: 'mapper' }).registry,
    isReady: () => ({ ready: true, reasons: [] }),
    logger: createLogger({ name: 'mapper', level: 'silent' }),
    ...overrides,
  });
  t.after(() => server.close().catch(() => {}));
  return server;
}

test('liveness is answered whatever the readiness', async (t) => {
  const { url } = await start(t, { isReady: () => ({ ready: false, reasons: ['starting'] }) });
  const response = await fetch(`${url}/livez`);
  assert.deepEqual([response.status, await response.text()], [200, 'live\n']);
});

test('readiness is asked for at each request, and 503 carries the reasons', async (t) => {
  let reasons: string[] = ['starting', 'no partitions'];
  const { url } = await start(t, { isReady: () => ({ ready: reasons.length === 0, reasons }) });
  const before = await fetch(`${url}/readyz`);
  assert.equal(before.status, 503);
  assert.match(before.headers.get('content-type') ?? '', /^application\/json/);
  assert.deepEqual(await before.json(), { ready: false, reasons: ['starting', 'no partitions'] });
  reasons = [];
  const after = await fetch(`${url}/readyz?verbose`);
  assert.deepEqual([after.status, await after.json()], [200, { ready: true, reasons: [] }]);
});

test('metrics are served in the text format of Prometheus', async (t) => {
  const metrics = createMetrics({ service: 'mapper' });
  metrics.counter({ name: 'events_mapped_total', help: 'Events mapped.' }).inc();
  const { url } = await start(t, { registry: metrics.registry });
  const response = await fetch(`${url}/metrics`);
  assert.equal(response.headers.get('content-type'), metrics.registry.contentType);
  assert.match(await response.text(), /^mapper_events_mapped_total 1$/m);
});

test('a metric that cannot be collected is a 500 with the reason, and the server keeps running', async (t) => {
  const metrics = createMetrics({ service: 'mapper' });
  metrics.gauge({
    name: 'lag_records',
    help: 'Records not yet read.',
    collect: () => Promise.reject(new Error('no broker')),
  });
  const { url } = await start(t, { registry: metrics.registry });
  const response = await fetch(`${url}/metrics`);
  assert.deepEqual([response.status, await response.text()], [500, 'no broker\n']);
  assert.equal((await fetch(`${url}/livez`)).status, 200);
});

test('other paths are 404, other methods 405, and HEAD has no body', async (t) => {
  const { url } = await start(t);
  assert.equal((await fetch(`${url}/`)).status, 404);
  const post = await fetch(`${url}/livez`, { method: 'POST', body: 'x' });
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  const head = await fetch(`${url}/livez`, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
});

const hosts: readonly (readonly [
  host: string | readonly string[],
  status: number,
  options?: Partial<AdminServerOptions>,
])[] = [
  ['127.0.0.1', 200],
  ['10.42.0.17:9464', 200],
  ['[fd00::7]:9464', 200],
  ['localhost:9464', 200],
  ['LOCALHOST', 200],
  ['rebound.example', 421],
  ['127.0.0.1.rebound.example', 421],
  ['localhost.rebound.example', 421],
  ['', 421],
  ['local host', 421],
  [['127.0.0.1', 'rebound.example'], 421],
  [[], 200],
  ['ingest.pipeline.svc:9464', 200, { allowedHosts: ['ingest.pipeline.svc'] }],
  ['other.pipeline.svc:9464', 421, { allowedHosts: ['ingest.pipeline.svc'] }],
];

for (const [host, status, options] of hosts) {
  test(`a request for the host "${String(host)}" is answered ${status}${options ? ' where names are configured' : ''}`, async (t) => {
    const { url } = await start(t, options);
    const fields = [host].flat();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const lines = fields.map((field) => `Host: ${field}\r\n`).join('');
    socket.end(`GET /metrics HTTP/1.${fields.length === 0 ? 0 : 1}\r\n${lines}Connection: close\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    if (status === 421) assert.match(answer, /ADMIN_ALLOWED_HOSTS/);
  });
}

test('a port that is taken is service.listen-failed and names the settings', async (t) => {
  const { url } = await start(t);
  await assert.rejects(start(t, { port: Number(new URL(url).port) }), (error) => {
    assert.ok(isPipelineError(error, 'service.listen-failed'));
    assert.match(error.message, /EADDRINUSE.*change ADMIN_HOST or ADMIN_PORT/);
    return true;
  });
});

test('a server that listens on all addresses has a URL that can be called', async (t) => {
  const { url } = await start(t, { host: '0.0.0.0' });
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await fetch(`${url}/livez`)).status, 200);
});

test('closing does not wait for a connection that sends nothing', async (t) => {
  const server = await start(t);
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  socket.on('error', () => {});
  await server.close();
  await closed;
});
