import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { headerNames } from '@astrolabe/records';
import { trackCall } from '@astrolabe/segment/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { MAX_INLINE_BRACKETS, MAX_INLINE_BYTES } from '../core/limits/inline-body.ts';
import { trackingEndpoints } from '../core/request/endpoints.ts';
import { createInMemoryEventSink } from '../event-sink.ts';
import { createFairness } from '../fairness.ts';
import { createIngestHandler } from '../ingest-handler.ts';
import { startTestServer } from '../test-server.ts';
import {
  API_KEY,
  WEBHOOK_SECRET,
  WRITE_KEY,
  basicAuth,
  createInMemoryThread,
  createRecordingMetrics,
  createTestReader,
  sendTo,
  silentLogger,
  testConnectors,
  unlimited,
} from '../testing.ts';

const ACME = basicAuth(`${API_KEY}:`);
const PLAIN = basicAuth('key-plain:');
const batchEndpoint = trackingEndpoints.get('batch') ?? assert.fail();
const limits = { maxBodyBytes: 1_000_000, maxInflatedBytes: 1_000_000, maxInFlightBytes: 20_000_000 };

/** Too many bytes to be read inline. */
const large = (id: number) => ({ batch: [trackCall(id)], filler: ' '.repeat(MAX_INLINE_BYTES) });

async function setUp(t: TestContext, config: Parameters<typeof startTestServer>[1] = {}) {
  const server = await startTestServer(t, { ...limits, ...config });
  const send = (body: unknown, authorization: string, path = '/v1/batch') => server.post(path, body, { authorization });
  /** Resolves when the thread has been called that often. */
  const called = async (times: number): Promise<void> => {
    while (server.thread.calls.length < times) await new Promise(setImmediate);
  };
  return { ...server, send, called };
}

test('while a costly body is read, requests of other senders are stored and answered', async (t) => {
  const { thread, sink, send, called } = await setUp(t);
  const gate = thread.hold();
  const costly = send(large(1), ACME);
  await called(1);
  for (const authorization of [PLAIN, basicAuth(`${WRITE_KEY}:`)]) {
    assert.equal((await send(trackCall(2), authorization, '/v1/track')).status, 200);
  }
  assert.deepEqual([thread.calls, sink.events.length], [['parse'], 2]);
  gate.release();
  assert.equal((await costly).status, 200);
  assert.deepEqual(thread.calls, ['parse', 'judge']);
});

test("a sender's requests are stored in the order in which they came, whichever of them are costly", async () => {
  const thread = createInMemoryThread();
  const sink = createInMemoryEventSink();
  const connectors = testConnectors();
  const handler = createIngestHandler({
    connectors: () => connectors,
    sink,
    fairness: createFairness(unlimited),
    reader: createTestReader({ thread }),
    metrics: createRecordingMetrics(),
    logger: silentLogger,
    nowMs: () => 0,
  });
  const small = (id: number) => ({ batch: [trackCall(id)] });
  const send = async (authorization: string | undefined, body: unknown): Promise<void> => {
    const { answer } = await sendTo(
      handler,
      { endpoint: batchEndpoint, authorization },
      Buffer.from(JSON.stringify(body)),
    );
    assert.equal(answer.status, 200);
  };
  const storedIds = () => sink.events.map(({ headers }) => headers[headerNames.messageId]?.toString());
  const idsOf = (...ids: number[]) => ids.map((id) => trackCall(id)['messageId']);

  const ordered = [large(1), small(2), large(3), small(4), small(5)];
  const sent = ordered.map((body) => send(ACME, body));
  await send(PLAIN, small(9));
  assert.deepEqual(storedIds(), idsOf(9), 'another sender waits for none of them');
  await Promise.all(sent);
  assert.deepEqual(storedIds(), idsOf(9, 1, 2, 3, 4, 5));
  assert.equal(thread.calls.length, 2 * ordered.length);

  const [before, inThread] = [storedIds().length, thread.calls.length];
  await Promise.all(ordered.map((body) => send(undefined, { ...body, writeKey: WRITE_KEY })));
  assert.deepEqual(storedIds().slice(before), idsOf(1, 2, 3, 4, 5), 'those with their key in the body as well');
  assert.ok(thread.calls.slice(inThread).includes('ask'));

  const calls = thread.calls.length;
  await send(ACME, small(6));
  assert.equal(thread.calls.length, calls, 'once none is left in the thread, a small one is read inline again');
});

test('no turn of the event loop reads more of a body than its bounds in bytes and brackets, whoever sent it', async (t) => {
  const { thread, post } = await setUp(t);
  const tooLong = Buffer.from(`{"batch":[],"a":"${'x'.repeat(MAX_INLINE_BYTES)}"}`);
  const tooMany = Buffer.from(`{"batch":[${'{},'.repeat(MAX_INLINE_BRACKETS)}{}]}`);
  const signed = (body: Buffer) => createHmac('sha1', WEBHOOK_SECRET).update(body).digest('hex');
  for (const body of [tooLong, tooMany]) {
    for (const [path, headers, calls] of [
      ['/v1/batch', { authorization: ACME }, ['parse', 'judge']],
      ['/v1/batch', { authorization: '' }, ['ask']],
      ['/v1/track', { authorization: 'Bearer unknown' }, ['ask']],
      ['/webhook/acme', { authorization: '', 'x-signature': signed(body) }, ['ask', 'parse', 'judge']],
      ['/webhook/none', { authorization: '', 'x-signature': signed(body) }, ['ask']],
    ] as const) {
      const before = thread.calls.length;
      await post(path, gzipSync(body), { ...headers, 'content-encoding': 'gzip' });
      assert.deepEqual(thread.calls.slice(before), calls, `${path} ${JSON.stringify(headers)}`);
    }
  }
});

test('a costly body without a valid key is asked for its key only, and others of unknown senders come after it', async (t) => {
  const { thread, sink, send, called, metric } = await setUp(t);
  const gate = thread.hold();
  const ofNobody = { ...large(1), writeKey: 'of nobody' };
  const ofBrowser = { batch: [trackCall(2)], writeKey: WRITE_KEY };
  const strange = send(ofNobody, '');
  await called(1);
  const browser = send(ofBrowser, '');
  const bothBytes = JSON.stringify(ofNobody).length + JSON.stringify(ofBrowser).length;
  while ((await metric('ingest_in_flight_bytes')) !== String(bothBytes)) await new Promise(setImmediate);
  assert.equal((await send(trackCall(3), PLAIN, '/v1/track')).status, 200);
  gate.release();
  assert.deepEqual([(await strange).status, (await browser).status], [401, 200]);
  assert.deepEqual([thread.calls, sink.events.length], [['ask', 'ask'], 2]);
});

test('a request that was parsed in the thread and is over a limit is not judged', async (t) => {
  const { thread, sink, send } = await setUp(t, { connectorEventsPerSecond: 1, connectorBurstEvents: 1 });
  const body = { ...large(1), batch: [1, 2, 3].map((id) => trackCall(id)) };
  assert.equal((await send(body, PLAIN)).status, 200, 'a full bucket gives what it does not have');
  assert.equal((await send(large(4), PLAIN)).status, 429);
  assert.deepEqual([thread.calls, sink.events.length], [['parse', 'judge', 'parse', 'forget'], 3]);
});

test('a body that costs the thread its life is answered 503 and charged, and the next one is read', async (t) => {
  const { thread, send, metric } = await setUp(t);
  thread.failWith(new PipelineError('ingest.reading-thread-lost', 'it ended', { retryable: true }));
  const { status, body, headers } = await send(large(1), ACME);
  assert.deepEqual([status, body['code'], headers.get('retry-after')], [503, 'ingest.reading-thread-lost', '5']);
  assert.equal((await send(large(1), '')).status, 503);
  thread.failWith(undefined);
  assert.equal((await send(large(1), ACME)).status, 200);
  assert.equal(await metric('ingest_in_flight_bytes'), '0');

  let nowMs = 0;
  const failing = createInMemoryThread();
  failing.failWith(new PipelineError('ingest.reading-thread-lost', 'it ended', { retryable: true }));
  const reader = createTestReader({ thread: failing, monotonicMs: () => (nowMs += 70), isReadInline: () => false });
  let workMs = 0;
  const gate = { refuse: () => undefined, admit: () => assert.fail(), charge: (ms: number) => (workMs += ms) };
  await reader.read({ turn: 'a', endpoint: batchEndpoint, body: Buffer.from('{}') }, gate);
  assert.equal(workMs, 70);
});

test('a defect in the thread is answered 500, as one outside it', async (t) => {
  const { thread, send } = await setUp(t);
  thread.failWith(new TypeError('a defect'));
  assert.equal((await send(large(1), ACME)).status, 500);
  thread.failWith(undefined);
  assert.equal((await send(large(1), ACME)).status, 200);
});

test('bodies that wait for the thread count in flight, and leave room for those of others', async (t) => {
  const bodyBytes = JSON.stringify(large(1)).length;
  const { thread, send, metric } = await setUp(t, { maxInFlightBytes: 6 * bodyBytes });
  const gate = thread.hold();
  const sent = Array.from({ length: 4 }, () => send(large(1), ACME));
  const refused = await Promise.race(sent);
  assert.deepEqual([refused.status, refused.body['code']], [503, 'ingest.overloaded']);
  const other = send(large(2), PLAIN);
  while ((await metric('ingest_in_flight_bytes')) !== String(4 * bodyBytes)) await new Promise(setImmediate);
  gate.release();
  assert.deepEqual((await Promise.all(sent)).map(({ status }) => status).sort(), [200, 200, 200, 503]);
  assert.equal((await other).status, 200);
});
