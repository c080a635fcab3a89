import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupCall, identifyCall, trackCall } from '@astrolabe/segment/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { partnerEndpoint, trackingEndpoints, type Endpoint } from './core/request/endpoints.ts';
import { createInMemoryEventSink } from './event-sink.ts';
import { createFairness } from './fairness.ts';
import { createIngestHandler } from './ingest-handler.ts';
import {
  API_KEY,
  DISABLED_KEY,
  WRITE_KEY,
  basicAuth,
  createRecordingMetrics,
  createTestReader,
  sendTo,
  silentLogger,
  testConnectors,
  toText,
  unlimited,
} from './testing.ts';

function setUp() {
  const log: string[] = [];
  const sink = createInMemoryEventSink();
  const connectors = testConnectors();
  let ids = 0;
  const handler = createIngestHandler({
    connectors: () => connectors,
    sink: {
      store: async (records) => {
        log.push(`store ${records.events.length} + ${records.deadLetters.length}`);
        await sink.store(records);
        log.push('stored');
      },
    },
    fairness: createFairness(unlimited),
    reader: createTestReader({ newMessageId: () => `new-${(ids += 1)}` }),
    metrics: createRecordingMetrics(log),
    logger: silentLogger,
    nowMs: () => Date.UTC(2026, 2, 1, 10),
  });
  const send = async (path: string, body: unknown, authorization: string | undefined = basicAuth(`${API_KEY}:`)) => {
    const endpoint: Endpoint = path === 'segment' ? partnerEndpoint : (trackingEndpoints.get(path) ?? assert.fail());
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const { answer, connectorId } = await sendTo(handler, { endpoint, authorization }, bytes);
    log.push(`answer ${answer.status}`);
    return { ...answer, connectorId, body: JSON.parse(answer.body) as Record<string, unknown> };
  };
  return { log, sink, send };
}

const unavailable = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });

test('the answer comes only after the sink has resolved, and the count after that', async () => {
  const { log, sink, send } = setUp();
  const gate = sink.hold();
  const answered = send('batch', { batch: [identifyCall(1), groupCall(2), trackCall(3), trackCall(4)] });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log.slice(1), ['store 4 + 0']);
  gate.release();
  assert.deepEqual((await answered).body, { success: true });
  assert.deepEqual(log.slice(1), [
    'store 4 + 0',
    'stored',
    'acknowledged for acme',
    'acme identify accepted 1',
    'acme group accepted 1',
    'acme track accepted 2',
    'answer 200',
  ]);
});

test('when the sink fails the answer is 503 with whole seconds to wait, and nothing is counted as stored', async () => {
  const { log, sink, send } = setUp();
  sink.failWith(unavailable);
  const answer = await send('track', trackCall());
  assert.deepEqual([answer.status, answer.body['code'], answer.retryAfterSeconds], [503, 'kafka.unavailable', 5]);
  const bytes = JSON.stringify(trackCall()).length;
  assert.deepEqual(log, [
    `acme took ${bytes} bytes`,
    'store 1 + 0',
    'store failed for acme: kafka.unavailable',
    'answer 503',
  ]);
});

test('a permanent failure is also 503: the sender keeps what was not stored', async () => {
  const { sink, send } = setUp();
  sink.failWith(new PipelineError('kafka.record-too-large', 'too large', { retryable: false }));
  assert.equal((await send('track', trackCall())).status, 503);
});

test('a defect of the program rejects instead of answering', async () => {
  const { sink, send } = setUp();
  sink.failWith(new TypeError('undefined is not a function'));
  await assert.rejects(send('track', trackCall()), TypeError);
});

test("a batch's good events are stored, and its bad ones named and dead-lettered with the same code", async () => {
  const { log, sink, send } = setUp();
  const answer = await send('batch', {
    batch: [identifyCall(1), { type: 'track', userId: 'u1', messageId: 'm2' }, 'x', groupCall(4)],
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, {
    success: true,
    rejected: [
      { index: 1, messageId: 'm2', code: 'event.invalid', reason: 'a track call needs the name of its event' },
      { index: 2, messageId: 'new-1', code: 'event.invalid', reason: 'the event is a string, expected a JSON object' },
    ],
  });
  assert.deepEqual(
    sink.events.map((record) => toText(record).headers['message-id']),
    [identifyCall(1)['messageId'], groupCall(4)['messageId']],
  );
  assert.deepEqual(
    sink.deadLetters.map((record) => [toText(record).headers['message-id'], toText(record).headers['dlq.code']]),
    [
      ['m2', 'event.invalid'],
      ['new-1', 'event.invalid'],
    ],
  );
  assert.ok(log.includes('acme track rejected 1') && log.includes('acme unknown rejected 1'));
});

test('a single bad event is 400 once it is dead-lettered, and 503 if it cannot be', async () => {
  const { sink, send } = setUp();
  const answer = await send('track', { userId: 'u1' });
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.body, {
    success: false,
    code: 'event.invalid',
    message: 'a track call needs the name of its event',
    error: 'a track call needs the name of its event',
  });
  assert.equal(sink.deadLetters.length, 1);
  sink.failWith(unavailable);
  assert.equal((await send('track', { userId: 'u1' })).status, 503);
});

test('page, screen and alias are stored by the Tracking API and refused with 501 by the partner endpoint', async () => {
  const { log, sink, send } = setUp();
  for (const type of ['page', 'screen', 'alias']) {
    const event = { type, userId: 'u1', previousId: 'u0' };
    assert.equal((await send(type, event)).status, 200);
    const answer = await send('segment', event);
    assert.deepEqual([answer.status, answer.body['code']], [501, 'event.unsupported-type']);
    assert.equal(typeof answer.body['message'], 'string');
  }
  assert.equal(sink.events.length, 3);
  assert.equal(log.filter((entry) => entry.includes('unsupported 1')).length, 6);
});

test('the partner endpoint accepts identify, group, track, delete and unsuppress in any casing', async () => {
  const { sink, send } = setUp();
  const events = [
    { Type: 'identify', userid: 'u1', Traits: { a: 1 } },
    { type: 'group', user_id: 'u1', GroupID: 'g1' },
    { TYPE: 'track', UserID: 'u1', Event: 'E' },
    { type: 'delete', userId: 'u1' },
    { type: 'Unsuppress', user_id: 'u1' },
  ];
  for (const event of events) assert.equal((await send('segment', event)).status, 200);
  assert.deepEqual(new Set(sink.events.map((record) => toText(record).key)), new Set(['["acme","user","u1"]']));
});

test('a suppression is lifted with the API key, on batches and at the partner endpoint, and never with a write key alone', async () => {
  const unsuppress = { type: 'unsuppress', userId: 'u1', messageId: 'm1' };
  const { sink, send } = setUp();
  assert.deepEqual((await send('batch', { batch: [unsuppress] })).body, { success: true });
  assert.equal((await send('segment', unsuppress)).status, 200);
  const inBody = { batch: [unsuppress], writeKey: WRITE_KEY };
  assert.deepEqual((await send('batch', inBody)).body, { success: true }, 'the API key is there too');
  assert.equal(sink.events.length, 3);
  const { body } = await send('batch', { batch: [unsuppress, identifyCall()] }, basicAuth(`${WRITE_KEY}:`));
  const [rejected] = body['rejected'] as [{ index: number; code: string }];
  assert.deepEqual([rejected.index, rejected.code], [0, 'event.unauthenticated']);
  assert.deepEqual([sink.events.length, sink.deadLetters.length], [4, 1]);
});

test('the partner endpoint accepts an event of up to 64 KB, because Segment adds to it after measuring', async () => {
  const { send } = setUp();
  const event = trackCall(1, { properties: { text: 'x'.repeat(40_000) } });
  assert.equal((await send('segment', event)).status, 200);
  assert.equal((await send('track', event)).status, 400);
});

test('the partner endpoint checks the key before the body', async () => {
  const { send } = setUp();
  assert.equal((await send('segment', 'no json', basicAuth('wrong:'))).status, 401);
  assert.equal((await send('segment', 'no json')).status, 400);
});

const keys: readonly (readonly [name: string, authorization: string | undefined, body: object, status: number])[] = [
  ['Basic with a colon', basicAuth(`${API_KEY}:`), {}, 200],
  ['Basic without a colon', basicAuth(API_KEY), {}, 200],
  ['a write key in Basic', basicAuth(`${WRITE_KEY}:`), {}, 200],
  ['Bearer', `Bearer ${API_KEY}`, {}, 200],
  ['a write key in the body', undefined, { writeKey: WRITE_KEY }, 200],
  ['an OAuth token and a write key', 'Bearer token-of-another-server', { writeKey: WRITE_KEY }, 200],
  ['no key', undefined, {}, 401],
  ['an unknown key', basicAuth('nobody:'), {}, 401],
  ['an unknown write key', undefined, { writeKey: 'nobody' }, 401],
  ['the key of a connector that is switched off', basicAuth(`${DISABLED_KEY}:`), {}, 403],
];

for (const [name, authorization, body, status] of keys) {
  test(`${name} is answered ${status}`, async () => {
    const { sink, send } = setUp();
    const send1 = authorization === undefined ? sendWithout : send;
    assert.equal((await send1('batch', { batch: [identifyCall()], ...body }, authorization)).status, status);
    assert.equal(sink.events.length, status === 200 ? 1 : 0);

    function sendWithout(path: string, request: unknown) {
      return send(path, request, '');
    }
  });
}

test('neither an empty batch nor SDK metrics reach the sink', async () => {
  const { log, send } = setUp();
  assert.deepEqual((await send('batch', { batch: [] })).body, { success: true });
  assert.deepEqual((await send('m', { series: [] }, '')).body, { success: true });
  assert.deepEqual(log, ['acme took 12 bytes', 'answer 200', 'answer 200']);
});

test('an unreadable timestamp is counted, and the event stored', async () => {
  const { log, sink, send } = setUp();
  assert.equal((await send('batch', { batch: [trackCall(1, { timestamp: 'soon' }), trackCall(2)] })).status, 200);
  assert.equal(sink.events.length, 2);
  assert.ok(log.includes('acme unreadable timestamps 1'));
});

test('a batch refused as a whole for its length is counted for the connector of the key in the header', async () => {
  const { log, send } = setUp();
  const body = `{"batch":[${'0,'.repeat(10_000)}0]}`;
  assert.equal((await send('batch', body)).status, 400);
  assert.equal((await send('batch', body, '')).status, 401);
  assert.deepEqual(log, ['too large for acme', 'answer 400', 'answer 401']);
});

test('a sender without a valid key gets no explanation, and its body is not parsed', async () => {
  const { log, send } = setUp();
  for (const [authorization, body] of [
    ['', '{"batch":[1,}'],
    ['', '{"batch":[1,],"writeKey":"nobody"}'],
    ['Bearer token-of-another-server', '{"batch":[1,}'],
    [basicAuth('nobody:'), `{"batch":[],"writeKey":"${WRITE_KEY}"}`],
    ['', Buffer.from([0xff, 0xfe])],
  ] as const) {
    const answer = await send('batch', body, authorization);
    assert.deepEqual([answer.status, answer.body['code']], [401, 'event.unauthenticated'], String(body));
    assert.doesNotMatch(String(answer.body['message']), /JSON:|line|UTF/);
  }
  assert.deepEqual(new Set(log), new Set(['answer 401']));
  assert.equal((await send('batch', `{"writeKey":"${WRITE_KEY}","batch":[1,}`, '')).body['code'], 'event.invalid-json');
});

test("a connector's key in the header decides, whatever key is in the body", async () => {
  const { sink, send } = setUp();
  const plain = basicAuth('key-plain:');
  for (const [authorization, writeKey, owner] of [
    [plain, WRITE_KEY, 'plain'],
    [plain, API_KEY, 'plain'],
    [plain, DISABLED_KEY, 'plain'],
    [plain, 'nobody', 'plain'],
    ['Bearer key-plain', WRITE_KEY, 'plain'],
    [basicAuth(`${WRITE_KEY}:`), 'key-plain', 'acme'],
    ['Bearer token-of-another-server', WRITE_KEY, 'acme'],
  ] as const) {
    for (const body of [{ batch: [identifyCall()], writeKey }, { batch: [identifyCall(1, { writeKey })] }]) {
      const answer = await send('batch', body, authorization);
      assert.deepEqual([answer.status, answer.connectorId], [200, owner], `${authorization} and ${writeKey}`);
      assert.equal(toText(sink.events.at(-1)).headers['connector-id'], owner);
    }
  }
  const unsuppress = { type: 'unsuppress', userId: 'u1', messageId: 'm1', writeKey: API_KEY };
  const sent = await send('batch', { batch: [unsuppress] }, plain);
  assert.deepEqual([sent.status, sent.connectorId], [200, 'plain']);
  const disabled = await send('batch', { batch: [identifyCall()], writeKey: WRITE_KEY }, basicAuth(`${DISABLED_KEY}:`));
  assert.deepEqual([disabled.status, disabled.connectorId], [403, 'dormant']);
  assert.equal(disabled.body['code'], 'connector.disabled');
});

test('an id of more than 512 bytes is refused with its field, its size and the limit, and the others of its batch are stored', async () => {
  const { sink, send } = setUp();
  const answer = await send('batch', { batch: [identifyCall(1), identifyCall(2, { userId: '\u00e9'.repeat(300) })] });
  const [rejected] = answer.body['rejected'] as [Record<string, unknown>];
  assert.deepEqual([rejected['index'], rejected['code']], [1, 'event.invalid']);
  assert.equal(rejected['reason'], 'userId has 600 bytes of UTF-8; an id may have at most 512');
  assert.deepEqual([sink.events.length, sink.deadLetters.length], [1, 1]);
  assert.equal(toText(sink.deadLetters[0]).key, undefined);
});

test('ids that differ in bytes that are not UTF-8 are refused and never stored as one', async () => {
  const { sink, send } = setUp();
  for (const byte of [0xe9, 0xe8]) {
    const body = Buffer.concat([
      Buffer.from('{"type":"identify","userId":"ren'),
      Buffer.from([byte]),
      Buffer.from('"}'),
    ]);
    const answer = await send('identify', body);
    assert.deepEqual([answer.status, answer.body['code']], [400, 'event.invalid-json']);
    assert.match(String(answer.body['message']), /encode the text as UTF-8/);
  }
  assert.equal(sink.events.length + sink.deadLetters.length, 0);
});
