/**
 * What each SDK puts on the wire, written down from its source (the file is named at each), and what must happen to it.
 * The SDKs of JavaScript are also run for real, in `test/contract`; these rows represent those in other languages.
 *
 * Every sender's clock is an hour fast: it says 11:00:00 for the event and 11:00:05 for the sending, and the request
 * arrives at 10:00:05. Whatever the format, the event happened at 10:00:00.
 */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startTestServer } from '../test-server.ts';
import { WRITE_KEY, basicAuth, toText } from '../testing.ts';

interface SdkRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Several are sent as chunks, without a Content-Length. */
  readonly body: readonly (string | Buffer)[];
  /** Times as they are stored in `originalTimestamp`. */
  readonly originalTimestamp: string;
  readonly type?: string;
  readonly key?: string;
}

const KEY = basicAuth(`${WRITE_KEY}:`);
const json = { 'content-type': 'application/json' };
const plain = { 'content-type': 'text/plain' };
const user = '["acme","user","u1"]';
const anonymous = '["acme","anonymous","a1"]';

const iso = { timestamp: '2026-03-01T11:00:00.000Z', sentAt: '2026-03-01T11:00:05.000Z' };
const python = { timestamp: '2026-03-01T11:00:00.000123+00:00', sentAt: '2026-03-01T11:00:05.000456+00:00' };
const go = { timestamp: '2026-03-01T11:00:00+0000', sentAt: '2026-03-01T11:00:05+0000' };
const php = { timestamp: '2026-03-01T11:00:00.000+00:00', sentAt: '2026-03-01T11:00:05+00:00' };
const java = { timestamp: '2026-03-01T12:00:00.000+01:00', sentAt: '2026-03-01T12:00:05.000+01:00' };
const rust = { timestamp: '2026-03-01T11:00:00.000123456Z' };

const library = (name: string) => ({ library: { name, version: '1.0.0' } });

function track(timestamp: string, more: object = {}) {
  return { type: 'track', messageId: 'm1', userId: 'u1', event: 'E', timestamp, properties: { n: 1 }, ...more };
}

function pythonBody(): string {
  const batch = [track(python.timestamp, { integrations: {}, context: library('analytics-python') })];
  return JSON.stringify({ batch, sentAt: python.sentAt, writeKey: WRITE_KEY });
}

function goBody(): string {
  const batch = [track(go.timestamp)];
  return JSON.stringify({ messageId: 'batch-1', sentAt: go.sentAt, batch, context: library('analytics-go') });
}

function browserEvent(more: object = {}) {
  const context = {
    ...library('analytics.js'),
    page: { path: '/', url: 'https://shop.example/' },
    userAgent: 'Mozilla/5.0',
  };
  const { userId: _, ...event } = track(iso.timestamp, {
    messageId: 'ajs-next-1772359200000-0',
    anonymousId: 'a1',
    context,
    integrations: {},
  });
  return { ...event, ...more };
}

const rows: Readonly<Record<string, SdkRequest>> = {
  // packages/node/src/plugins/segmentio/publisher.ts
  'analytics-node 3': {
    path: '/v1/batch',
    headers: { ...json, authorization: KEY, 'user-agent': 'analytics-node-next/latest', 'x-retry-count': '0' },
    body: [
      JSON.stringify({
        batch: [track(iso.timestamp, { context: library('@segment/analytics-node') })],
        writeKey: WRITE_KEY,
        sentAt: iso.sentAt,
      }),
    ],
    originalTimestamp: iso.timestamp,
  },
  // packages/browser/src/plugins/segmentio/fetch-dispatcher.ts
  'analytics-next 1.84': {
    path: '/v1/t',
    headers: { ...plain, authorization: KEY, 'x-retry-count': '0', origin: 'https://shop.example' },
    body: [
      JSON.stringify(browserEvent({ writeKey: WRITE_KEY, sentAt: iso.sentAt, _metadata: { bundled: ['Segment.io'] } })),
    ],
    originalTimestamp: iso.timestamp,
    key: anonymous,
  },
  'analytics-next before 1.84': {
    path: '/v1/t',
    headers: { ...plain, origin: 'https://shop.example' },
    body: [JSON.stringify(browserEvent({ writeKey: WRITE_KEY, sentAt: iso.sentAt }))],
    originalTimestamp: iso.timestamp,
    key: anonymous,
  },
  // packages/browser/src/plugins/segmentio/batched-dispatcher.ts
  'analytics-next, batching': {
    path: '/v1/b',
    headers: { ...plain, origin: 'https://shop.example' },
    body: [JSON.stringify({ writeKey: WRITE_KEY, batch: [browserEvent()], sentAt: iso.sentAt })],
    originalTimestamp: iso.timestamp,
    key: anonymous,
  },
  // packages/browser/src/plugins/analytics-node/index.ts: no colon
  "analytics-next's plugin for Node": {
    path: '/v1/track',
    headers: { ...json, authorization: basicAuth(WRITE_KEY), 'user-agent': 'analytics-node/next' },
    body: [JSON.stringify(track(iso.timestamp, { sentAt: iso.sentAt }))],
    originalTimestamp: iso.timestamp,
  },
  // segment/analytics/request.py
  'analytics-python': {
    path: '/v1/batch',
    headers: { ...json, authorization: KEY, 'user-agent': 'analytics-python/2.3.4' },
    body: [pythonBody()],
    originalTimestamp: python.timestamp,
  },
  'analytics-python, gzip': {
    path: '/v1/batch',
    headers: { ...json, authorization: KEY, 'content-encoding': 'gzip', 'user-agent': 'analytics-python/2.3.4' },
    body: [gzipSync(pythonBody())],
    originalTimestamp: python.timestamp,
  },
  // analytics.go, message.go: the key in the header only, the context on the batch
  'analytics-go 2': {
    path: '/v1/batch',
    headers: { ...json, authorization: KEY, 'user-agent': 'analytics-go (version: 2.1.0)' },
    body: [goBody()],
    originalTimestamp: go.timestamp,
  },
  // SegmentService.java, 3.5.4: no Authorization, a slash at the end
  'analytics-java 3.5.4': {
    path: '/v1/import/',
    headers: { ...json, 'user-agent': 'analytics-java/3.5.4' },
    body: [
      JSON.stringify({
        batch: [track(java.timestamp)],
        sentAt: java.sentAt,
        context: library('analytics-java'),
        sequence: 1,
        writeKey: WRITE_KEY,
      }),
    ],
    originalTimestamp: java.timestamp,
  },
  'analytics-java before 3.5': {
    path: '/v1/import',
    headers: { ...json, authorization: KEY, 'user-agent': 'analytics-java/3.1.0' },
    body: [
      JSON.stringify({
        batch: [track(iso.timestamp)],
        sentAt: iso.sentAt,
        context: library('analytics-java'),
        sequence: 1,
      }),
    ],
    originalTimestamp: iso.timestamp,
  },
  // transport.rb
  'analytics-ruby': {
    path: '/v1/import',
    headers: { ...json, accept: 'application/json', authorization: KEY, 'user-agent': 'analytics-ruby/2.5.0' },
    body: [
      JSON.stringify({ sentAt: iso.sentAt, batch: [track(iso.timestamp, { context: library('analytics-ruby') })] }),
    ],
    originalTimestamp: iso.timestamp,
  },
  // http.rs: no sentAt, so its clock cannot be judged
  'analytics-rust': {
    path: '/v1/track',
    headers: { ...json, authorization: KEY },
    body: [JSON.stringify(track(rust.timestamp.replace('T11', 'T10')))],
    originalTimestamp: rust.timestamp.replace('T11', 'T10'),
  },
  // lib/Consumer/LibCurl.php with compress_request: json_encode writes an empty object as []
  'analytics-php, gzip': {
    path: '/v1/batch',
    headers: { ...json, authorization: KEY, 'content-encoding': 'gzip', 'user-agent': 'analytics-php/3.8.0' },
    body: [
      gzipSync(
        JSON.stringify({
          batch: [track(php.timestamp, { properties: [], context: library('analytics-php') })],
          sentAt: php.sentAt,
        }),
      ),
    ],
    originalTimestamp: php.timestamp,
  },
  // HTTPClient.kt: text/plain, always gzip, chunked, the key in the body
  'analytics-kotlin': {
    path: '/v1/b',
    headers: { ...plain, 'content-encoding': 'gzip', 'user-agent': 'analytics-kotlin/1.16.3' },
    body: halves(
      gzipSync(
        JSON.stringify({
          batch: [track(iso.timestamp, { context: library('analytics-kotlin'), _metadata: {} })],
          sentAt: iso.sentAt,
          writeKey: WRITE_KEY,
        }),
      ),
    ),
    originalTimestamp: iso.timestamp,
  },
};

for (const [sdk, row] of Object.entries(rows)) {
  test(`a request of ${sdk} is answered as it understands, and stored completely at its true time`, async (t) => {
    const { sink, url } = await startTestServer(t, {}, () => Date.parse('2026-03-01T10:00:05.000Z'));
    const answer = await send(url, row);
    assert.deepEqual(answer, { status: 200, type: 'application/json; charset=utf-8', body: '{"success":true}' });
    assert.equal(sink.events.length, 1);
    const record = toText(sink.events[0]);
    const stored = JSON.parse(record.value ?? '') as Record<string, unknown>;
    assert.equal(record.key, row.key ?? user);
    assert.equal(record.headers['message-id'], stored['messageId']);
    assert.equal(stored['type'], 'track');
    assert.equal(stored['event'], 'E');
    assert.equal(stored['originalTimestamp'], row.originalTimestamp);
    assert.equal(stored['timestamp'], '2026-03-01T10:00:00.000Z');
    assert.equal(stored['receivedAt'], '2026-03-01T10:00:05.000Z');
    if (sdk !== 'analytics-rust') {
      assert.ok(stored['sentAt'] !== undefined);
    }
    if (!/rust|plugin/.test(sdk)) {
      assert.ok((stored['context'] as { library?: object }).library !== undefined);
    }
  });
}

test("analytics-next's reports about itself are answered 200 and not stored", async (t) => {
  const { sink, url } = await startTestServer(t);
  const body = ['{"series":[{"type":"Counter","metric":"analytics_js.invoke","value":1,"tags":{}}]}'];
  assert.equal((await send(url, { path: '/v1/m', headers: plain, body })).status, 200);
  assert.equal(sink.events.length, 0);
});

function send(url: string, { path, headers, body }: Pick<SdkRequest, 'path' | 'headers' | 'body'>) {
  return new Promise<{ status: number | undefined; type: string | undefined; body: string }>((resolve, reject) => {
    const [first = '', ...rest] = body;
    const framing: Record<string, string> =
      rest.length === 0 ? { 'content-length': String(Buffer.byteLength(first)) } : { 'transfer-encoding': 'chunked' };
    const request = httpRequest(url + path, { method: 'POST', headers: { ...headers, ...framing } }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body: text }));
    });
    request.on('error', reject);
    for (const chunk of body) request.write(chunk);
    request.end();
  });
}

function halves(body: Buffer): readonly Buffer[] {
  const middle = body.length >> 1;
  return [body.subarray(0, middle), body.subarray(middle)];
}
