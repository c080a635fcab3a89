import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { headerNames } from '@astrolabe/records';
import { trackCall } from '@astrolabe/segment/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { MAX_INLINE_BRACKETS, MAX_INLINE_BYTES } from '../core/limits/inline-body.ts';
import { refusedAnswer } from '../core/request/answer.ts';
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
  assert.deepEqual([thread.calls, sink.events.length], [['load'], 2]);
  gate.release();
  assert.equal((await costly).status, 200);
  assert.deepEqual([thread.calls, thread.keptBodies], [['load', 'parse', 'judge'], 0]);
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
  assert.equal(thread.calls.length, 3 * ordered.length);

  const [before, inThread] = [storedIds().length, thread.calls.length];
  await Promise.all(ordered.map((body) => send(undefined, { ...body, writeKey: WRITE_KEY })));
  assert.deepEqual(storedIds().slice(before), idsOf(1, 2, 3, 4, 5), 'those with their key in the body as well');
  assert.ok(thread.calls.slice(inThread).includes('ask'));

  const calls = thread.calls.length;
  await send(ACME, small(6));
  assert.equal(thread.calls.length, calls, 'once none is left in the thread, a small one is read inline again');
});

test('no turn of the event loop reads more of a body than its bounds in bytes and brackets, at any endpoint and with any key', async (t) => {
  const { thread, post, metric } = await setUp(t);
  const tooLong = Buffer.from(`{"batch":[],"a":"${'x'.repeat(MAX_INLINE_BYTES)}"}`);
  const tooMany = Buffer.from(`{"batch":[${'{},'.repeat(MAX_INLINE_BRACKETS)}{}]}`);
  const signed = (body: Buffer) => createHmac('sha1', WEBHOOK_SECRET).update(body).digest('hex');
  for (const body of [tooLong, tooMany]) {
    for (const [path, headers, calls] of [
      ['/v1/batch', { authorization: ACME }, ['load', 'parse', 'judge']],
      ['/v1/batch', { authorization: '' }, ['load', 'ask']],
      ['/v1/track', { authorization: 'Bearer unknown' }, ['load', 'ask']],
      ['/webhook/acme', { authorization: '', 'x-signature': signed(body) }, ['load', 'ask', 'parse', 'judge']],
      ['/webhook/none', { authorization: '', 'x-signature': signed(body) }, ['load', 'ask']],
    ] as const) {
      const before = thread.calls.length;
      await post(path, gzipSync(body), { ...headers, 'content-encoding': 'gzip' });
      assert.deepEqual(thread.calls.slice(before), calls, `${path} ${JSON.stringify(headers)}`);
      assert.deepEqual([thread.keptBodies, await metric('ingest_in_flight_bytes')], [0, '0']);
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
  assert.deepEqual(thread.calls, ['load', 'ask', 'load', 'ask', 'parse', 'judge']);
  assert.deepEqual([sink.events.length, thread.keptBodies], [2, 0]);
});

test('a request that was parsed in the thread and is over a limit is not judged', async (t) => {
  const { thread, sink, send } = await setUp(t, { connectorEventsPerSecond: 1, connectorBurstEvents: 1 });
  const body = { ...large(1), batch: [1, 2, 3].map((id) => trackCall(id)) };
  assert.equal((await send(body, PLAIN)).status, 200, 'a full bucket gives what it does not have');
  assert.equal((await send(large(4), PLAIN)).status, 429);
  assert.deepEqual([thread.calls, sink.events.length], [['load', 'parse', 'judge', 'load', 'parse'], 3]);
});

test('a body that costs the thread its life is answered 503 and charged, and the next one is read', async (t) => {
  const { thread, send, metric } = await setUp(t);
  thread.failWith(new PipelineError('ingest.internal', 'it ended', { retryable: true }));
  const lost = await send(large(1), ACME);
  assert.deepEqual([lost.status, lost.body['code'], lost.headers.get('retry-after')], [503, 'ingest.internal', '5']);
  assert.equal((await send(large(1), '')).status, 503);
  thread.failWith(undefined);
  assert.equal((await send(large(1), ACME)).status, 200);
  assert.equal(await metric('ingest_in_flight_bytes'), '0');

  let nowMs = 0;
  const failing = createInMemoryThread();
  failing.failWith(new PipelineError('ingest.internal', 'it ended', { retryable: true }));
  const reader = createTestReader({ thread: failing, monotonicMs: () => (nowMs += 70), isReadInline: () => false });
  let workMs = 0;
  const unasked = { admitInflated: () => assert.fail(), refuseBody: () => assert.fail(), admit: () => assert.fail() };
  const gate = { ...unasked, refuse: () => undefined, charge: (ms: number) => (workMs += ms) };
  const body = { bytes: Buffer.from('{}'), encoding: 'none' } as const;
  await reader.read({ turn: 'a', endpoint: batchEndpoint, body }, gate);
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

test('a compressed body that becomes large is inflated by the thread, within the same bounds and with the same refusals', async (t) => {
  const { thread, sink, post, metric } = await setUp(t, { maxInFlightBytes: 3_000_000 });
  const send = (body: Buffer, encoding: string, authorization = ACME) =>
    post('/v1/batch', body, { authorization, 'content-encoding': encoding });
  const text = Buffer.from(JSON.stringify(large(1)));
  for (const [body, encoding] of [
    [gzipSync(text), 'gzip'],
    [deflateSync(text), 'deflate'],
    [deflateRawSync(text), 'deflate'],
  ] as const) {
    assert.equal((await send(body, encoding)).status, 200);
  }
  assert.deepEqual([sink.events.length, thread.calls.length], [3, 9]);
  const bomb = await send(gzipSync(Buffer.alloc(20_000_000)), 'gzip');
  assert.deepEqual([bomb.status, bomb.body['code']], [400, 'event.too-large']);
  // The checksum, which is compared once everything is inflated.
  const torn = gzipSync(text);
  torn.fill(0xff, torn.length - 8);
  for (const authorization of [ACME, '']) assert.equal((await send(torn, 'gzip', authorization)).status, 415);
  assert.deepEqual([thread.keptBodies, await metric('ingest_in_flight_bytes')], [0, '0']);
  assert.equal(await metric('ingest_oversize_requests_total{connector="acme"}'), '1');
});

test('a compressed body that becomes larger than the budget or the limit of bytes is refused once it is inflated', async (t) => {
  const large900 = gzipSync(JSON.stringify({ batch: [trackCall(1)], filler: ' '.repeat(900_000) }));
  const small = await setUp(t, { maxInFlightBytes: 800_000 });
  const headers = { authorization: PLAIN, 'content-encoding': 'gzip' };
  const overloaded = await small.post('/v1/batch', large900, headers);
  assert.deepEqual([overloaded.status, overloaded.body['code']], [503, 'ingest.overloaded']);
  const limited = await setUp(t, { connectorBytesPerSecond: 1_000 });
  const statuses: number[] = [];
  for (let times = 0; times < 2; times += 1) statuses.push((await limited.post('/v1/batch', large900, headers)).status);
  assert.deepEqual(statuses, [200, 429]);
  assert.deepEqual([small.thread.keptBodies, limited.thread.keptBodies], [0, 0]);
});

test('a body that was brought to a thread which then ended is answered 503', async (t) => {
  const { thread, send, called } = await setUp(t);
  const gate = thread.hold();
  const sent = send({ ...large(1), writeKey: WRITE_KEY }, '');
  await called(1);
  gate.release();
  await called(2);
  thread.drop(1);
  const { status, body } = await sent;
  assert.deepEqual([status, body['code'], thread.keptBodies], [503, 'ingest.internal', 0]);
});

test('whatever becomes of a body that was asked in the thread, the thread does not keep it', async () => {
  const thread = createInMemoryThread();
  const reader = createTestReader({ thread, isReadInline: () => false });
  const refusal = refusedAnswer(429, 'ingest.rate-limited', 'too much', 1);
  const unasked = { admitInflated: () => assert.fail(), refuseBody: () => assert.fail(), charge: () => undefined };
  const ask = async () => {
    const body = { bytes: Buffer.from('{"batch":[]}'), encoding: 'none' } as const;
    const asked = await reader.ask({ turn: '', endpoint: batchEndpoint, body }, { kind: 'write-key' }, unasked);
    assert.ok('evidence' in asked);
    assert.equal(thread.keptBodies, 1);
    return { turn: 'a', endpoint: batchEndpoint, body: asked.body };
  };
  reader.drop((await ask()).body);
  assert.equal(thread.keptBodies, 0);
  for (const [refused, admitted] of [
    [refusal, undefined],
    [undefined, refusal],
  ] as const) {
    const gate = { ...unasked, refuse: () => refused, admit: () => admitted ?? assert.fail() };
    assert.equal(await reader.read(await ask(), gate), refusal);
    assert.equal(thread.keptBodies, 0);
  }
  const failing = { ...unasked, refuse: () => undefined, admit: () => assert.fail('a defect') };
  await assert.rejects(reader.read(await ask(), failing), /a defect/);
  assert.equal(thread.keptBodies, 0);
});
