import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trackCall } from '@astrolabe/segment/testing';
import { createConnectorDirectory, type Connector, type RateLimit } from '@astrolabe/service-kit';
import { createFairness } from './fairness.ts';
import { startTestServer } from './test-server.ts';
import { API_KEY, WRITE_KEY, basicAuth } from './testing.ts';

const PLAIN = basicAuth('key-plain:');
const ACME = basicAuth(`${API_KEY}:`);

const batchOf = (count: number) => ({ batch: Array.from({ length: count }, (_, index) => trackCall(index)) });

function connectorOf(rateLimit?: RateLimit): Connector {
  const base = { id: 'a', name: 'A', apiKey: 'ak', writeKeys: [], freeEmailProviders: 'allow', enabled: true } as const;
  return rateLimit === undefined ? base : { ...base, rateLimit };
}

function setUp(defaultLimit: RateLimit) {
  let nowMs = 1_000_000;
  const fairness = createFairness({ defaultLimit, nowMs: () => nowMs });
  const statusOf = (connector: Connector, events: number) => fairness.admit(connector, events)?.status ?? 200;
  return { fairness, statusOf, wait: (ms: number) => void (nowMs += ms) };
}

test('a refusal is 429 with its code, the limit and a Retry-After after which the same request is taken', () => {
  const { fairness, wait } = setUp({ eventsPerSecond: 10, burst: 20 });
  const connector = connectorOf();
  assert.equal(fairness.admit(connector, 20), undefined);
  const refusal = fairness.admit(connector, 15);
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
  assert.equal(fairness.admit(connector, 15), undefined);
});

test("a connector's own limit takes the place of the default, and 0 is unlimited in both", () => {
  const limited = setUp({ eventsPerSecond: 10, burst: 20 });
  assert.equal(limited.statusOf(connectorOf({ eventsPerSecond: 0, burst: 1 }), 1_000_000), 200);
  const unlimited = setUp({ eventsPerSecond: 0, burst: 1 });
  assert.equal(unlimited.statusOf(connectorOf(), 1_000_000), 200);
  assert.equal(unlimited.statusOf(connectorOf({ eventsPerSecond: 1, burst: 1 }), 1), 200);
  assert.equal(unlimited.statusOf(connectorOf({ eventsPerSecond: 1, burst: 1 }), 1), 429);
});

test('a batch of no events counts as one', () => {
  const { statusOf } = setUp({ eventsPerSecond: 1, burst: 2 });
  assert.deepEqual(
    [0, 0, 0].map((events) => statusOf(connectorOf(), events)),
    [200, 200, 429],
  );
});

test('until a refused request would be taken, others with the same key in the header are refused unparsed', () => {
  const { fairness, wait } = setUp({ eventsPerSecond: 10, burst: 20 });
  const connector = connectorOf();
  const directory = createConnectorDirectory([connector, { ...connector, id: 'b', apiKey: 'bk' }]);
  const unparsed = (key: string) => fairness.refuseUnparsed(directory, basicAuth(`${key}:`));
  fairness.admit(connector, 20);
  assert.equal(unparsed('ak'), undefined, 'nothing was refused yet');
  fairness.admit(connector, 15);
  assert.deepEqual([unparsed('bk'), unparsed('nobody')], [undefined, undefined]);
  assert.equal(fairness.refuseUnparsed(directory, undefined), undefined);
  wait(499);
  const refused = unparsed('ak');
  assert.deepEqual([refused?.connectorId, refused?.answer.status, refused?.answer.retryAfterSeconds], ['a', 429, 2]);
  wait(1_001);
  assert.equal(unparsed('ak'), undefined);
  assert.equal(fairness.admit(connector, 15), undefined);
});

test('a limit that is raised, a connector that is switched off and a clock that is set back end the refusal at once', () => {
  for (const end of ['raised', 'off', 'clock'] as const) {
    const { fairness, wait } = setUp({ eventsPerSecond: 1, burst: 1 });
    fairness.admit(connectorOf(), 1);
    fairness.admit(connectorOf(), 1);
    if (end === 'clock') wait(-60_000);
    const connector = connectorOf(end === 'raised' ? { eventsPerSecond: 5, burst: 5 } : undefined);
    const directory = createConnectorDirectory([{ ...connector, enabled: end !== 'off' }]);
    assert.equal(fairness.refuseUnparsed(directory, basicAuth('ak:')), undefined, end);
  }
});

test('while one connector floods, every request of another is stored, and none waits behind the flood', async (t) => {
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
  assert.equal(answers.get(200), burst / 50, 'the flood gets its burst and no more');
  assert.equal(sink.events.length, burst + others);
});

test('every door has the limit: the partner endpoint, single calls, batches and keys in the body', async (t) => {
  const { sink, post, metric } = await startTestServer(
    t,
    { connectorEventsPerSecond: 1, connectorBurstEvents: 1 },
    () => 0,
  );
  assert.equal((await post('/segment', trackCall(1))).status, 200);
  for (const [path, body, authorization] of [
    ['/segment', trackCall(2), ACME],
    ['/v1/track', trackCall(2), ACME],
    ['/v1/batch', batchOf(2), ACME],
    ['/v1/t', { ...trackCall(2), writeKey: WRITE_KEY }, ''],
    ['/v1/b', { ...batchOf(2), writeKey: WRITE_KEY }, ''],
  ] as const) {
    const answer = await post(path, body, { authorization });
    assert.deepEqual([path, answer.status, answer.body['code']], [path, 429, 'ingest.rate-limited']);
    assert.equal(answer.headers.get('retry-after'), '1');
  }
  assert.equal(sink.events.length + sink.deadLetters.length, 1);
  assert.equal(await metric('ingest_requests_total{endpoint="batch",connector="acme",status="429"}'), '2');
});

test('bodies that are no JSON count as events, so that a flood of them is refused unparsed', async (t) => {
  const { post } = await startTestServer(t, { connectorEventsPerSecond: 1, connectorBurstEvents: 2 }, () => 0);
  const statuses: number[] = [];
  for (let index = 0; index < 4; index += 1)
    statuses.push((await post('/v1/batch', '{', { authorization: ACME })).status);
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
