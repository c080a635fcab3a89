import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { groupCall, identifyCall, trackCall } from '@astrolabe/segment/testing';
import { startTestServer as start, testLimits as limits } from '../test-server.ts';
import { API_KEY, WRITE_KEY, basicAuth, toText } from '../testing.ts';

const single: Readonly<Record<string, object>> = {
  identify: identifyCall(),
  track: trackCall(),
  page: { type: 'page', userId: 'u1' },
  screen: { type: 'screen', userId: 'u1' },
  group: groupCall(),
  alias: { type: 'alias', userId: 'u1', previousId: 'u0' },
};

for (const base of ['/v1', '']) {
  for (const end of ['', '/']) {
    test(`every path below "${base}/" is answered 200, with${end === '' ? 'out' : ''} a trailing slash`, async (t) => {
      const { sink, post } = await start(t);
      for (const [type, event] of Object.entries(single)) {
        for (const name of [type, type.charAt(0)]) {
          const answer = await post(`${base}/${name}${end}`, { ...event, type: undefined });
          assert.deepEqual([name, answer.status, answer.body], [name, 200, { success: true }]);
          const stored = JSON.parse(toText(sink.events.at(-1)).value ?? '') as { type: string };
          assert.equal(stored.type, type);
        }
      }
      for (const name of ['batch', 'import', 'b']) {
        const before = sink.events.length;
        assert.equal((await post(`${base}/${name}${end}`, { batch: [identifyCall(), trackCall()] })).status, 200);
        assert.equal(sink.events.length, before + 2);
      }
      assert.equal((await post(`${base}/m${end}`, { series: [] })).status, 200);
    });
  }
}

for (const contentType of [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'text/plain;charset=UTF-8',
  'application/x-www-form-urlencoded',
  'nonsense',
]) {
  test(`a JSON body is accepted as ${contentType}`, async (t) => {
    const { sink, post } = await start(t);
    assert.equal((await post('/v1/t', trackCall(), { 'content-type': contentType })).status, 200);
    assert.equal(sink.events.length, 1);
  });
}

test('a body is stored byte for byte, whatever its characters', async (t) => {
  const { sink, post } = await start(t);
  const event =
    '{"type":"track","userId":"ü\u{1f600}","event":"\\ud83d","messageId":"m1","receivedAt":"x","originalTimestamp":"x", "n":1.0e0}';
  await post('/v1/track', event);
  assert.equal(toText(sink.events[0]).value, event);
});

const encodings: Readonly<Record<string, readonly [header: string, encode: (body: string) => Uint8Array]>> = {
  gzip: ['gzip', gzipSync],
  'x-gzip': ['X-GZIP', gzipSync],
  'zlib deflate': ['deflate', deflateSync],
  'bare deflate': ['deflate', deflateRawSync],
  identity: ['identity', (body) => Buffer.from(body)],
};

for (const [name, [header, encode]] of Object.entries(encodings)) {
  test(`a body in ${name} is inflated`, async (t) => {
    const { sink, post } = await start(t);
    const body = encode(JSON.stringify({ batch: [identifyCall()], writeKey: WRITE_KEY }));
    assert.equal((await post('/v1/b', body, { 'content-encoding': header, 'content-type': 'text/plain' })).status, 200);
    assert.equal(sink.events.length, 1);
  });
}

test('a body that inflates beyond the limit is refused as too large', async (t) => {
  const { sink, post } = await start(t);
  const bomb = gzipSync(`{"batch":[${' '.repeat(50_000_000)}]}`);
  assert.ok(bomb.length < limits.maxBodyBytes);
  const answer = await post('/v1/batch', bomb, { 'content-encoding': 'gzip' });
  assert.deepEqual([answer.status, answer.body['code']], [400, 'event.too-large']);
  assert.equal(sink.events.length, 0);
});

test('a body that does not match its encoding, or has an unknown one, is refused', async (t) => {
  const { post } = await start(t);
  const broken = gzipSync(JSON.stringify(trackCall())).subarray(0, 40);
  assert.equal((await post('/v1/track', broken, { 'content-encoding': 'gzip' })).status, 415);
  assert.equal((await post('/v1/track', trackCall(), { 'content-encoding': 'br' })).status, 415);
});

test('a body of exactly the limit is accepted, and one byte more is 400', async (t) => {
  const { post, metric } = await start(t);
  const bodyOf = (bytes: number) => `{"batch":[]${' '.repeat(bytes - 12)}}`;
  assert.equal((await post('/v1/batch', bodyOf(limits.maxBodyBytes))).status, 200);
  const answer = await post('/v1/batch', bodyOf(limits.maxBodyBytes + 1));
  assert.deepEqual([answer.status, answer.body['code']], [400, 'event.too-large']);
  assert.equal(await metric('ingest_oversize_requests_total{connector="acme"}'), '1');
});

test('a chunked body is accepted, and limited although it announces no length', async (t) => {
  const { sink, url } = await start(t);
  assert.equal(
    await postChunks(url, [JSON.stringify(trackCall()).slice(0, 50), JSON.stringify(trackCall()).slice(50)]),
    200,
  );
  assert.equal(sink.events.length, 1);
  assert.equal(
    await postChunks(
      url,
      Array.from({ length: 30 }, () => ' '.repeat(10_000)),
    ),
    400,
  );
});

test('malformed JSON is 400 with reason and place, in the form that every SDK reads', async (t) => {
  const { post } = await start(t);
  const { status, body } = await post('/v1/batch', '{"batch":[}');
  const message = `the body is not valid JSON: found '}', expected a value or "]", at line 1 column 11 (character 10)`;
  assert.deepEqual([status, body], [400, { success: false, code: 'event.invalid-json', message, error: message }]);
});

test('an unknown path is 404, and a missing body is 400', async (t) => {
  const { url, post } = await start(t);
  assert.equal((await post('/v2/track', {})).status, 404);
  assert.equal((await post('/v1/%zz', {})).status, 400);
  const response = await fetch(`${url}/v1/track`, { method: 'POST', headers: { authorization: basicAuth(API_KEY) } });
  assert.equal(response.status, 400);
});

test('an unknown path or method is answered 400, 404 or 405, never 2xx, 3xx or 410, which confuse senders', async (t) => {
  const { url } = await start(t);
  const paths = [
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v1/track',
    '/v1/batch/',
    '/segment',
    '/webhook',
    '/webhook/',
    '/favicon.ico',
  ];
  for (const path of [...paths, '/v1/track/more', '/v3/track', '/webhook/acme', '/projects/settings', '/v1/%zz']) {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
      const { status, headers } = await fetch(url + path, { method, redirect: 'manual' });
      assert.ok([400, 404, 405].includes(status), `${method} ${path}: ${status}`);
      assert.match(headers.get('content-type') ?? '', /json/);
    }
  }
  assert.equal((await fetch(`${url}/v1/projects/${WRITE_KEY}/settings`, { method: 'HEAD' })).status, 200);
});

const authForms: Readonly<Record<string, readonly [authorization: string, body: object]>> = {
  'Basic with a colon': [basicAuth(`${WRITE_KEY}:`), {}],
  'Basic without a colon': [basicAuth(WRITE_KEY), {}],
  'Basic with a password': [basicAuth(`${WRITE_KEY}:anything`), {}],
  'the API key in Basic': [basicAuth(`${API_KEY}:`), {}],
  Bearer: [`Bearer ${API_KEY}`, {}],
  'the write key in the body': ['', { writeKey: WRITE_KEY }],
  'OAuth beside the write key in the body': ['Bearer token-of-another-server', { writeKey: WRITE_KEY }],
  'the write key in both': [basicAuth(`${WRITE_KEY}:`), { writeKey: WRITE_KEY }],
};

for (const [name, [authorization, fields]] of Object.entries(authForms)) {
  test(`${name} works for every path of the Tracking API`, async (t) => {
    const { sink, post } = await start(t);
    let stored = 0;
    for (const base of ['/v1', '']) {
      for (const [type, event] of Object.entries(single)) {
        for (const path of [type, type.charAt(0)]) {
          assert.equal((await post(`${base}/${path}`, { ...event, ...fields }, { authorization })).status, 200);
          stored += 1;
        }
      }
      for (const path of ['batch', 'import', 'b']) {
        assert.equal(
          (await post(`${base}/${path}`, { batch: [trackCall()], ...fields }, { authorization })).status,
          200,
        );
        stored += 1;
      }
    }
    assert.equal(sink.events.length, stored);
  });
}

test('a path with doubled slashes, from a host with a trailing slash, is the same path', async (t) => {
  const { post } = await start(t);
  for (const path of ['//v1/batch', '/v1//import/']) assert.equal((await post(path, { batch: [] })).status, 200);
});

test('bodies that wait for storage are bounded: beyond it 503 with whole seconds, and room again once stored', async (t) => {
  const { sink, post, metric } = await start(t);
  const gate = sink.hold();
  const padded = trackCall(1, { properties: {} });
  const body = JSON.stringify(padded) + ' '.repeat(99_000);
  // Of two connectors: the share of one would be exceeded before the whole is.
  const waiting = [post('/v1/track', body), post('/v1/track', body, { authorization: basicAuth('key-plain') })];
  while ((await metric('ingest_in_flight_bytes')) !== String(2 * body.length)) await new Promise(setImmediate);
  const refused = await post('/v1/track', body);
  assert.deepEqual([refused.status, refused.body['code']], [503, 'ingest.overloaded']);
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
  gate.release();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  );
  assert.equal((await post('/v1/track', body)).status, 200);
  assert.equal(await metric('ingest_in_flight_bytes'), '0');
});

test('a client that disconnects gives its bytes back without a fault', async (t) => {
  const { url, sink, metric } = await start(t);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n${' '.repeat(1000)}`);
  while ((await metric('ingest_in_flight_bytes')) !== '1000') await new Promise(setImmediate);
  socket.destroy();
  while ((await metric('ingest_in_flight_bytes')) !== '0') await new Promise(setImmediate);
  assert.equal(sink.events.length, 0);
});

test('closing answers requests in progress and only then resolves', async (t) => {
  const { sink, post, close, metric } = await start(t);
  const gate = sink.hold();
  const answered = post('/v1/track', trackCall());
  while ((await metric('ingest_in_flight_bytes')) === '0') await new Promise(setImmediate);
  const order: string[] = [];
  const closed = close().then(() => order.push('closed'));
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  order.push('stored');
  gate.release();
  assert.equal((await answered).status, 200);
  await closed;
  assert.deepEqual(order, ['stored', 'closed']);
  await assert.rejects(post('/v1/track', trackCall()));
});

test('a defect is answered 500 with its code and is counted, and nothing is stored', async (t) => {
  const { sink, post, metric } = await start(t);
  sink.failWith(new TypeError('a defect of ours'));
  const answer = await post('/v1/track', trackCall());
  assert.deepEqual([answer.status, answer.body['code']], [500, 'ingest.internal']);
  assert.equal(await metric('ingest_requests_total{endpoint="unknown",connector="unknown",status="500"}'), '1');
  assert.equal(sink.events.length, 0);
});

test('requests and events are counted', async (t) => {
  const { post, metric } = await start(t);
  const body = JSON.stringify({ batch: [identifyCall(1), identifyCall(2), {}] });
  await post('/v1/b', body);
  await post('/v1/track', '{');
  assert.equal(await metric('ingest_requests_total{endpoint="batch",connector="acme",status="200"}'), '1');
  assert.equal(await metric('ingest_requests_total{endpoint="track",connector="acme",status="400"}'), '1');
  assert.equal(await metric('ingest_events_total{connector="acme",type="identify",verdict="accepted"}'), '2');
  assert.equal(await metric('ingest_events_total{connector="acme",type="unknown",verdict="rejected"}'), '1');
  assert.equal(await metric('ingest_ack_duration_seconds_count{connector="acme"}'), '1');
  assert.equal(await metric('ingest_body_bytes_total{connector="acme"}'), String(body.length));
});

test("only a trusted proxy's header decides the client's address", async (t) => {
  const event = trackCall(1, { context: { direct: true } });
  const ipOf = (value: string | undefined) => (JSON.parse(value ?? '') as { context: { ip?: string } }).context.ip;
  for (const [trustedProxies, ip] of [
    [0, '127.0.0.1'],
    [1, '203.0.113.7'],
  ] as const) {
    const { sink, post } = await start(t, { trustedProxies });
    await post('/v1/track', event, { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' });
    assert.equal(ipOf(toText(sink.events[0]).value), ip);
  }
});

test('settings name this host for a known key, and are 401 for any other', async (t) => {
  const { url } = await start(t);
  for (const base of ['/v1', '']) {
    const response = await fetch(`${url}${base}/projects/${WRITE_KEY}/settings`);
    assert.equal(response.status, 200);
    const settings = (await response.json()) as { integrations: Record<string, { apiKey: string; apiHost: string }> };
    const { apiKey, apiHost } = settings.integrations['Segment.io'] ?? assert.fail();
    assert.deepEqual([apiKey, apiHost], [WRITE_KEY, `${new URL(url).host}/v1`]);
    assert.equal((await fetch(`${url}${base}/projects/nobody/settings`)).status, 401);
  }
});

function postChunks(url: string, chunks: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: basicAuth(API_KEY), 'transfer-encoding': 'chunked' };
    const request = httpRequest(`${url}/v1/track`, { method: 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}
