import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { trackCall } from '@astrolabe/segment/testing';
import type { Connector, RateLimit } from '@astrolabe/service-kit/connectors';
import { trackingEndpoints } from './core/request/endpoints.ts';
import type { KnownSender } from './core/sender/identify-sender.ts';
import { createInMemoryEventSink } from './event-sink.ts';
import { createFairness, type FairnessOptions } from './fairness.ts';
import { createIngestHandler } from './ingest-handler.ts';
import { startTestServer } from './test-server.ts';
import {
  API_KEY,
  CLIENT,
  WRITE_KEY,
  basicAuth,
  createRecordingMetrics,
  createTestReader,
  instantTurns,
  sendTo,
  silentLogger,
  testConnectors,
  unlimited,
} from './testing.ts';
import { createTurns } from './turns.ts';

const PLAIN = basicAuth('key-plain:');
const ACME = basicAuth(`${API_KEY}:`);

const batchOf = (count: number) => ({ batch: Array.from({ length: count }, (_, index) => trackCall(index)) });

function connectorOf(rateLimit?: RateLimit): Connector {
  const base = { id: 'a', name: 'A', apiKey: 'ak', writeKeys: [], freeEmailProviders: 'allow', enabled: true } as const;
  return rateLimit === undefined ? base : { ...base, rateLimit };
}

const serverOf = (connector: Connector): KnownSender => ({
  kind: 'known',
  connector,
  share: 'server',
  isTrusted: true,
});
const webOf = (connector: Connector): KnownSender => ({
  kind: 'known',
  connector,
  share: `write key ${connector.writeKeys[0]}`,
  isTrusted: false,
});

function setUp(defaultLimit: RateLimit, options: Partial<FairnessOptions> = {}) {
  let nowMs = 1_000_000;
  const fairness = createFairness({ ...unlimited, defaultLimit, ...options, nowMs: () => nowMs });
  const statusOf = (connector: Connector, events: number) =>
    fairness.admitEvents(serverOf(connector), events)?.status ?? 200;
  return { fairness, statusOf, wait: (ms: number) => void (nowMs += ms) };
}

test('a refusal is 429 with its code, the limit and a Retry-After after which the same request is taken', () => {
  const { fairness, wait } = setUp({ eventsPerSecond: 10, burst: 20 });
  const sender = serverOf(connectorOf());
  assert.equal(fairness.admitEvents(sender, 20), undefined);
  const refusal = fairness.admitEvents(sender, 15);
  assert.equal(refusal?.status, 429);
  assert.equal(refusal.retryAfterSeconds, 2);
  const message =
    'connector a may send 10 events a second, 20 at once, and has sent more; send the request again after 2 s';
  assert.deepEqual(JSON.parse(refusal.body), {
    success: false,
    code: 'ingest.rate-limited',
    message,
    error: message,
  });
  wait(2_000);
  assert.equal(fairness.admitEvents(sender, 15), undefined);
});

test("instances that know nothing of each other let a connector's limit through together, and no more", () => {
  const own = { eventsPerSecond: 10, burst: 20 };
  const instances = [1, 2, 3, 4].map(() => setUp({ eventsPerSecond: 1_000, burst: 1_000 }, { instances: 4 }));
  const sendAll = () => {
    let accepted = 0;
    for (const { statusOf } of instances) while (statusOf(connectorOf(own), 1) === 200) accepted += 1;
    return accepted;
  };
  assert.equal(sendAll(), 20, 'the burst');
  for (const { wait } of instances) wait(2_000);
  assert.equal(sendAll(), 20, 'two seconds of the rate');
  const [first] = instances;
  const refusal = first?.fairness.admitEvents(serverOf(connectorOf(own)), 1);
  assert.match(
    refusal?.body ?? '',
    /may send 10 events a second, 20 at once, divided among 4 instances, and has sent more/,
  );
});

test('an instance whose part of a burst is less than one event still lets one through', () => {
  const { statusOf, wait } = setUp({ eventsPerSecond: 1, burst: 1 }, { instances: 4 });
  const statuses = [0, 3_000, 1_000].map((ms) => {
    wait(ms);
    return statusOf(connectorOf(), 1);
  });
  assert.deepEqual(statuses, [200, 429, 200]);
});

test('what an instance may spend on a connector is not divided', () => {
  const { fairness } = setUp({ eventsPerSecond: 0, burst: 1 }, { bytesPerSecond: 1_000, instances: 4 });
  assert.equal(fairness.admitBytes(serverOf(connectorOf()), 5_000), undefined);
  assert.equal(fairness.admitBytes(serverOf(connectorOf()), 5_000)?.status, 429);
});

test("a connector's own limit overrides the default, and 0 is unlimited in both", () => {
  const limited = setUp({ eventsPerSecond: 10, burst: 20 });
  assert.equal(limited.statusOf(connectorOf({ eventsPerSecond: 0, burst: 1 }), 1_000_000), 200);
  const free = setUp({ eventsPerSecond: 0, burst: 1 });
  assert.equal(free.statusOf(connectorOf(), 1_000_000), 200);
  assert.equal(free.statusOf(connectorOf({ eventsPerSecond: 1, burst: 1 }), 1), 200);
  assert.equal(free.statusOf(connectorOf({ eventsPerSecond: 1, burst: 1 }), 1), 429);
});

test('an empty batch counts as one event', () => {
  const { statusOf } = setUp({ eventsPerSecond: 1, burst: 2 });
  assert.deepEqual(
    [0, 0, 0].map((events) => statusOf(connectorOf(), events)),
    [200, 200, 429],
  );
});

test("until a refused request would be accepted, others of the same key are refused unread, and other keys' are not", () => {
  const { fairness, wait } = setUp({ eventsPerSecond: 10, burst: 80 });
  const connector = { ...connectorOf(), writeKeys: ['w'] };
  const [server, web, other] = [serverOf(connector), webOf(connector), serverOf({ ...connectorOf(), id: 'b' })];
  while (fairness.admitEvents(web, 15) === undefined);
  assert.deepEqual([fairness.refuse(server), fairness.refuse(other)], [undefined, undefined]);
  const refused = fairness.refuse(web);
  assert.deepEqual([refused?.status, refused?.retryAfterSeconds], [429, 2]);
  assert.match(refused?.body ?? '', /and this key has sent more than its share of that; send/);
  wait(2_000);
  assert.equal(fairness.refuse(web), undefined);
  assert.equal(fairness.admitEvents(web, 15), undefined);
});

test('raising the limit, or setting the clock back, ends the refusal at once', () => {
  for (const end of ['raised', 'clock'] as const) {
    const { fairness, wait } = setUp({ eventsPerSecond: 1, burst: 1 });
    const connector = connectorOf();
    fairness.admitEvents(serverOf(connector), 1);
    fairness.admitEvents(serverOf(connector), 1);
    assert.ok(fairness.refuse(serverOf(connector)));
    if (end === 'clock') wait(-60_000);
    const now = end === 'raised' ? connectorOf({ eventsPerSecond: 5, burst: 5 }) : connector;
    assert.equal(fairness.refuse(serverOf(now)), undefined, end);
  }
});

test("a flood with one key leaves the connector's other key its part of events, bytes and work", () => {
  const options = { bytesPerSecond: 1_000, workMsPerSecond: 100 };
  const { fairness, wait } = setUp({ eventsPerSecond: 100, burst: 500 }, options);
  const connector = { ...connectorOf(), writeKeys: ['w'] };
  const [server, web] = [serverOf(connector), webOf(connector)];
  for (let second = 0; second < 20; second += 1) {
    while (fairness.admitEvents(web, 25) === undefined);
    while (fairness.admitBytes(web, 250) === undefined);
    fairness.chargeWork(web, 1_000);
    wait(1_000);
    assert.equal(fairness.refuse(web)?.status, 429);
    assert.equal(fairness.refuse(server), undefined, 'the server is held up by nothing');
    assert.equal(fairness.admitEvents(server, 50), undefined);
    assert.equal(fairness.admitBytes(server, 500), undefined);
    fairness.chargeWork(server, 49);
  }
});

test('bytes and work have their own limits, each refused with 429 and its name', () => {
  const { fairness, wait } = setUp({ eventsPerSecond: 0, burst: 1 }, { bytesPerSecond: 1_000, workMsPerSecond: 100 });
  const sender = serverOf(connectorOf());
  assert.equal(fairness.admitBytes(sender, 5_000), undefined);
  const bytes = fairness.admitBytes(sender, 1_500);
  assert.deepEqual([bytes?.status, bytes?.retryAfterSeconds], [429, 2]);
  assert.match(bytes?.body ?? '', /connector a may send 1000 bytes a second, 5000 at once, counted after inflating/);
  wait(2_000);
  assert.equal(fairness.refuse(sender), undefined);
  fairness.chargeWork(sender, 700);
  const work = fairness.refuse(sender);
  assert.deepEqual([work?.status, work?.retryAfterSeconds], [429, 2]);
  assert.match(work?.body ?? '', /connector a may cost 100 ms of work a second, 500 ms at once, and has cost more/);
  wait(2_000);
  assert.equal(fairness.refuse(sender), undefined);
});

test('a client without a valid key is refused once it has cost too much, and other clients are not', () => {
  const { fairness, wait } = setUp({ eventsPerSecond: 0, burst: 1 }, { clientWorkMsPerSecond: 100 });
  fairness.chargeClient(CLIENT, 499, 0);
  assert.equal(fairness.refuseClient(CLIENT), undefined);
  fairness.chargeClient(CLIENT, 0, 20_200_000);
  const refusal = fairness.refuseClient(CLIENT);
  assert.deepEqual([refusal?.status, refusal?.retryAfterSeconds], [429, 1]);
  assert.match(refusal?.body ?? '', /without a valid key came from this address/);
  assert.equal(fairness.refuseClient('192.0.2.2'), undefined);
  wait(1_000);
  assert.equal(fairness.refuseClient(CLIENT), undefined);
});

test('however many clients there are, the most recent ones are remembered', () => {
  const { fairness } = setUp({ eventsPerSecond: 0, burst: 1 }, { clientWorkMsPerSecond: 100 });
  for (let client = 0; client < 20_000; client += 1) fairness.chargeClient(`client ${client}`, 1_000, 0);
  assert.equal(fairness.refuseClient('client 0'), undefined);
  assert.equal(fairness.refuseClient('client 10000')?.status, 429);
  assert.equal(fairness.refuseClient('client 19999')?.status, 429);
});

function handlerOf(options: Partial<FairnessOptions>, turns = instantTurns()) {
  const connectors = testConnectors();
  return createIngestHandler({
    connectors: () => connectors,
    sink: createInMemoryEventSink(),
    fairness: createFairness({ ...unlimited, ...options }),
    reader: createTestReader({ turns }),
    metrics: createRecordingMetrics(),
    logger: silentLogger,
    nowMs: () => 0,
  });
}

const endpoint = trackingEndpoints.get('batch') ?? assert.fail();
/** Takes JSON.parse many times as long as its size lets expect. */
const expensive = Buffer.from(`{"batch":[{"a":${'['.repeat(190_000)}${']'.repeat(190_000)}}]}`);
const cheap = Buffer.from(JSON.stringify(batchOf(1)));

test("a request behind another sender's expensive bodies is answered after one of them, not after all", async () => {
  const turns = createTurns({ monotonicMs: () => performance.now(), afterSockets: setImmediate });
  const handler = handlerOf({}, turns);
  const order: string[] = [];
  const send = async (name: string, authorization: string, body: Buffer): Promise<void> => {
    assert.equal((await sendTo(handler, { endpoint, authorization }, body)).answer.status, 200);
    order.push(name);
  };
  const all = Array.from({ length: 12 }, () => send('flood', ACME, expensive));
  all.push(send('quiet', PLAIN, cheap), send('own server', basicAuth(`${WRITE_KEY}:`), cheap));
  await Promise.all(all);
  assert.ok(order.indexOf('quiet') <= 2, order.join());
  assert.ok(order.indexOf('own server') <= 3, order.join());
});

test('a key whose bodies cost more work than its limit is answered 429 unread, and others are not', async () => {
  let nowMs = 0;
  const turns = createTurns({ monotonicMs: () => (nowMs += 40), afterSockets: setImmediate });
  const handler = handlerOf({ workMsPerSecond: 100 }, turns);
  const statuses: number[] = [];
  const web = basicAuth(`${WRITE_KEY}:`);
  for (let index = 0; index < 20; index += 1) {
    statuses.push((await sendTo(handler, { endpoint, authorization: web }, cheap)).answer.status);
  }
  assert.deepEqual(statuses, [...Array<number>(10).fill(200), ...Array<number>(10).fill(429)]);
  const inBody = Buffer.from(JSON.stringify({ ...batchOf(1), writeKey: WRITE_KEY }));
  assert.equal((await sendTo(handler, { endpoint, authorization: undefined }, inBody)).answer.status, 429);
  for (const authorization of [ACME, PLAIN]) {
    assert.equal((await sendTo(handler, { endpoint, authorization }, cheap)).answer.status, 200);
  }
});

test('a client that keeps sending without a valid key is answered 429 with Retry-After, and known senders at its address are not', async () => {
  let nowMs = 0;
  const turns = createTurns({ monotonicMs: () => (nowMs += 50), afterSockets: setImmediate });
  const handler = handlerOf({ clientWorkMsPerSecond: 100 }, turns);
  const answers: (readonly [number, number | undefined])[] = [];
  for (let index = 0; index < 12; index += 1) {
    const { answer } = await sendTo(handler, { endpoint, authorization: undefined }, cheap);
    answers.push([answer.status, answer.retryAfterSeconds]);
  }
  assert.deepEqual(answers.slice(0, 10), Array(10).fill([401, undefined]));
  assert.deepEqual(answers.slice(11), [[429, 1]]);
  assert.equal((await sendTo(handler, { endpoint, authorization: PLAIN }, cheap)).answer.status, 200);
});

test('while one connector floods, every request of another is stored without waiting behind the flood', async (t) => {
  const burst = 200;
  const others = 20;
  const limit = { connectorEventsPerSecond: 100, connectorBurstEvents: burst, maxInFlightBytes: 10_000_000 };
  const { sink, post } = await startTestServer(t, limit, () => Date.UTC(2026, 2, 1));
  const batch = JSON.stringify(batchOf(50));
  let isFlooding = true;
  const answers = new Map<number, number>();
  let flooded = 0;
  const flood = async () => {
    while (isFlooding) {
      const { status, headers } = await post('/v1/batch', batch, { authorization: ACME });
      answers.set(status, (answers.get(status) ?? 0) + 1);
      flooded += 1;
      if (status === 429) assert.match(headers.get('retry-after') ?? '', /^([1-9]|[1-9]\d|[12]\d\d|300)$/);
    }
  };
  const floods = Array.from({ length: 8 }, flood);
  let mostOvertaking = 0;
  for (let index = 0; index < others; index += 1) {
    const before = flooded;
    assert.equal((await post('/v1/track', trackCall(index), { authorization: PLAIN })).status, 200);
    mostOvertaking = Math.max(mostOvertaking, flooded - before);
  }
  isFlooding = false;
  await Promise.all(floods);
  // Eight send one request after the other: each has a few answers at most while another's single call has its own.
  assert.ok(mostOvertaking <= 8 * 10, `${mostOvertaking} answers to the flood while one request waited`);
  assert.deepEqual([...answers.keys()].sort(), [200, 429]);
  // A quarter is kept for the connector's write key.
  assert.equal(answers.get(200), (burst * 0.75) / 50, 'the flood gets its part of the burst and no more');
  assert.equal(sink.events.length, burst * 0.75 + others);
});

test('every path applies the limit: the partner endpoint, single calls, batches and keys in the body', async (t) => {
  const { sink, post, metric } = await startTestServer(
    t,
    { connectorEventsPerSecond: 1, connectorBurstEvents: 4 },
    () => 0,
  );
  assert.equal((await post('/segment', trackCall(1))).status, 200);
  assert.equal((await post('/v1/batch', batchOf(2))).status, 200);
  assert.equal((await post('/v1/t', { ...trackCall(3), writeKey: WRITE_KEY }, { authorization: '' })).status, 200);
  for (const [path, body, authorization] of [
    ['/segment', trackCall(2), ACME],
    ['/v1/track', trackCall(2), ACME],
    ['/v1/batch', batchOf(2), ACME],
    ['/v1/t', { ...trackCall(2), writeKey: WRITE_KEY }, ''],
    ['/v1/b', { ...batchOf(2), writeKey: WRITE_KEY }, ''],
  ] as const) {
    const answer = await post(path, body, { authorization });
    assert.deepEqual([path, answer.status, answer.body['code']], [path, 429, 'ingest.rate-limited']);
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-4]$/);
  }
  assert.equal(sink.events.length + sink.deadLetters.length, 4);
  assert.equal(await metric('ingest_requests_total{endpoint="batch",connector="acme",status="429"}'), '2');
});

test('bodies that are not JSON count as events, so that a flood of them is refused unread', async (t) => {
  const { post } = await startTestServer(t, { connectorEventsPerSecond: 1, connectorBurstEvents: 2 }, () => 0);
  const statuses: number[] = [];
  for (let index = 0; index < 4; index += 1) {
    statuses.push((await post('/v1/batch', '{', { authorization: PLAIN })).status);
  }
  assert.deepEqual(statuses, [400, 400, 429, 429]);
});

test('one connector whose events await storage leaves room for those of another', async (t) => {
  const { sink, post, metric } = await startTestServer(t, { maxInFlightBytes: 200_000 });
  const gate = sink.hold();
  const body = JSON.stringify({ ...trackCall(1), properties: { filler: 'x'.repeat(20_000) } });
  const send = (authorization: string) => post('/v1/track', body, { authorization });
  // The fifth exceeds half of the budget; it is answered while the other four wait.
  const sent = Array.from({ length: 5 }, () => send(ACME));
  const refused = await Promise.race(sent);
  assert.deepEqual([refused.status, refused.body['code']], [503, 'ingest.overloaded']);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.match(String(refused.body['message']), /connector acme/);
  const others = [send(PLAIN), send(PLAIN)];
  while ((await metric('ingest_in_flight_bytes')) !== String(6 * body.length)) await new Promise(setImmediate);
  gate.release();
  const statusesOf = async (answers: typeof sent) => (await Promise.all(answers)).map(({ status }) => status).sort();
  assert.deepEqual(await statusesOf(sent), [200, 200, 200, 200, 503]);
  assert.deepEqual(await statusesOf(others), [200, 200]);
});

test("a body's inflated size is charged to its connector, whether the body is accepted or refused", async (t) => {
  for (const [body, status] of [
    [gzipSync(JSON.stringify({ batch: [], filler: 'x'.repeat(5_000) })), 200],
    [gzipSync(Buffer.alloc(1_000_000)), 400],
  ] as const) {
    const { post } = await startTestServer(t, { connectorBytesPerSecond: 1_000 }, () => 0);
    const send = (authorization: string) =>
      post('/v1/batch', body, { authorization, 'content-encoding': 'gzip' }).then((answer) => answer.status);
    // PLAIN has one key, and so the whole of five seconds at once.
    assert.deepEqual([await send(PLAIN), await send(PLAIN), await send(ACME)], [status, 429, status]);
  }
});

test('fields beside a batch count in flight once for each event', async (t) => {
  const { post } = await startTestServer(t, { maxInFlightBytes: 400_000 });
  const send = (events: number) =>
    post('/v1/batch', { ...batchOf(events), context: { filler: 'x'.repeat(50_000) } }, { authorization: PLAIN });
  assert.equal((await send(2)).status, 200);
  const refused = await send(10);
  assert.deepEqual([refused.status, refused.body['code']], [503, 'ingest.overloaded']);
});
