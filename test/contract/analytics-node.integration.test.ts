/**
 * Segment's own SDK for Node against ingest on a real broker: what it sends is what lies on the topic, and an event it
 * must repeat is one event.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Analytics, type AnalyticsSettings, type HTTPFetchFn } from '@segment/analytics-node';
import type { JsonObject } from '@astrolabe/schemas';
import { CONNECTOR_ID, startIngestOnBroker, WRITE_KEY, type IngestOnBroker } from './ingest-on-broker.ts';
import { assertStoredAsSent, findStored, isoTime, lasting } from './sent-and-stored.ts';

const kafkaBrokers = process.env['KAFKA_BROKERS'] ?? assert.fail('KAFKA_BROKERS is not set: run this by npm test');

let ingest: IngestOnBroker;
before(async () => {
  // Short, so that a refusal by Kafka reaches the SDK while the test waits.
  ingest = await startIngestOnBroker({ kafkaBrokers, env: { INGEST_PRODUCE_TIMEOUT_MS: '1000' } });
});
after(async () => {
  await ingest.close();
  await ingest.removeTopics();
});

interface SentBatch {
  readonly batch: readonly JsonObject[];
  readonly writeKey: string;
  readonly sentAt: string;
}

interface Observed {
  readonly analytics: Analytics;
  readonly requests: { readonly headers: Readonly<Record<string, string>>; readonly content: SentBatch }[];
  readonly responses: { readonly status: number; readonly headers: Readonly<Record<string, string>> }[];
  readonly errors: { readonly code: string; readonly reason?: unknown }[];
}

/** The SDK pointed at ingest by nothing but its `host`, and everything that it tells about its requests. */
function observe(settings: Partial<AnalyticsSettings> = {}): Observed {
  const analytics = new Analytics({
    writeKey: WRITE_KEY,
    host: ingest.process.url,
    flushInterval: 60_000,
    ...settings,
  });
  const observed: Observed = { analytics, requests: [], responses: [], errors: [] };
  analytics.on('http_request', ({ headers, body }) => {
    observed.requests.push({ headers, content: JSON.parse(body) as SentBatch });
  });
  analytics.on('http_response', ({ status, headers }) => observed.responses.push({ status, headers }));
  analytics.on('error', (error) => observed.errors.push(error));
  return observed;
}

const library = { name: '@segment/analytics-node', version: '3.1.0' };
const common = { context: { library }, _metadata: { nodeVersion: process.version, jsRuntime: 'node' } };

/** One call of each kind, with what has to lie on the topic for it. */
const calls: readonly {
  readonly make: (analytics: Analytics) => void;
  readonly stored: JsonObject;
  readonly key: readonly string[];
}[] = [
  {
    make: (analytics) =>
      analytics.identify({
        userId: 'u1',
        anonymousId: 'a1',
        traits: { email: 'zoë@example.com', logins: 3, vip: false },
      }),
    stored: {
      ...common,
      type: 'identify',
      userId: 'u1',
      anonymousId: 'a1',
      traits: { email: 'zoë@example.com', logins: 3, vip: false },
      integrations: {},
    },
    key: [CONNECTOR_ID, 'user', 'u1'],
  },
  {
    make: (analytics) =>
      analytics.group({
        userId: 'u1',
        groupId: 'g1',
        traits: { name: 'Acme', employees: 50 },
        integrations: { All: false, Astrolabe: true },
      }),
    stored: {
      ...common,
      type: 'group',
      userId: 'u1',
      groupId: 'g1',
      traits: { name: 'Acme', employees: 50 },
      integrations: { All: false, Astrolabe: true },
    },
    key: [CONNECTOR_ID, 'user', 'u1'],
  },
  {
    make: (analytics) =>
      analytics.track({
        anonymousId: 'a1',
        event: 'Plan Chosen',
        properties: { plan: 'pro', price: 12.5, tags: ['a', 'b'], nested: { deep: null } },
        context: { groupId: 'g1', ip: '203.0.113.7' },
      }),
    stored: {
      ...common,
      type: 'track',
      anonymousId: 'a1',
      event: 'Plan Chosen',
      properties: { plan: 'pro', price: 12.5, tags: ['a', 'b'], nested: { deep: null } },
      context: { groupId: 'g1', ip: '203.0.113.7', library },
      integrations: {},
    },
    key: [CONNECTOR_ID, 'anonymous', 'a1'],
  },
  {
    make: (analytics) =>
      analytics.page({ userId: 'u1', category: 'Docs', name: 'Start', properties: { path: '/docs' } }),
    stored: {
      ...common,
      type: 'page',
      userId: 'u1',
      category: 'Docs',
      name: 'Start',
      properties: { category: 'Docs', path: '/docs' },
      integrations: {},
    },
    key: [CONNECTOR_ID, 'user', 'u1'],
  },
  {
    make: (analytics) => analytics.screen({ userId: 'u1', name: 'Home', properties: { dark: true } }),
    stored: { ...common, type: 'screen', userId: 'u1', name: 'Home', properties: { dark: true }, integrations: {} },
    key: [CONNECTOR_ID, 'user', 'u1'],
  },
  {
    make: (analytics) => analytics.alias({ userId: 'u1', previousId: 'a1' }),
    stored: { ...common, type: 'alias', userId: 'u1', previousId: 'a1', integrations: {} },
    key: [CONNECTOR_ID, 'user', 'u1'],
  },
];

for (const { flushAt, requestCount } of [
  { flushAt: calls.length, requestCount: 1 },
  { flushAt: 1, requestCount: calls.length },
]) {
  test(`every kind of call lies on the topic as the SDK sent it, ${flushAt} to a request`, async () => {
    const { analytics, requests, responses, errors } = observe({ flushAt });
    for (const { make } of calls) make(analytics);
    await analytics.closeAndFlush({ timeout: 20_000 });
    assert.deepEqual(errors, []);
    assert.deepEqual(
      responses.map(({ status }) => status),
      Array.from({ length: requestCount }, () => 200),
    );

    const stored = await ingest.storedEvents();
    const sent = requests.flatMap(({ content }) => content.batch.map((event) => ({ event, sentAt: content.sentAt })));
    assert.equal(sent.length, calls.length);
    for (const call of calls) {
      const { event, sentAt } = sent.find((each) => each.event['type'] === call.stored['type'])!;
      const record = findStored(stored, event['messageId']);
      assertStoredAsSent(record, JSON.stringify(event), { batchSentAt: sentAt });
      assert.deepEqual(lasting(record), call.stored);
      assert.deepEqual(record.key, call.key);
      assert.match(String(record.event['messageId']), /^node-next-\d{13}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      assert.match(String(event['timestamp']), isoTime);
    }
  });
}

test('a timestamp given by hand is kept as originalTimestamp, and stored is a group call that has nothing but its groupId', async () => {
  const { analytics, requests, errors } = observe();
  // The types ask for an identity; the SDK itself takes a groupId for one.
  analytics.group({ groupId: 'g-alone', timestamp: new Date('2026-01-02T03:04:05.678Z') } as Parameters<
    Analytics['group']
  >[0]);
  analytics.track({
    userId: 'u-time',
    event: 'Then',
    timestamp: '2026-01-02T03:04:05.678901+02:00',
    messageId: 'by-hand',
  });
  await analytics.closeAndFlush({ timeout: 20_000 });
  assert.deepEqual(errors, []);
  const stored = await ingest.storedEvents();
  const group = findStored(stored, requests[0]!.content.batch[0]!['messageId']);
  assert.deepEqual(group.key, [CONNECTOR_ID, 'account', 'g-alone']);
  assert.equal(group.event['originalTimestamp'], '2026-01-02T03:04:05.678Z');
  const [, track] = requests[0]!.content.batch;
  const record = findStored(stored, 'by-hand');
  assert.equal(record.event['originalTimestamp'], '2026-01-02T03:04:05.678901+02:00');
  assertStoredAsSent(record, JSON.stringify(track), { batchSentAt: requests[0]!.content.sentAt });
});

test('a hundred calls go out in batches of flushAt, and each is on the topic once, in the order of its batch for its user', async () => {
  const { analytics, requests, errors } = observe({ flushAt: 15 });
  const numbers = Array.from({ length: 100 }, (_, number) => number);
  for (const number of numbers) {
    const messageId = `many-${number}`;
    analytics.track({ userId: `u-many-${number % 3}`, event: 'Counted', properties: { number }, messageId });
  }
  await analytics.closeAndFlush({ timeout: 20_000 });
  assert.deepEqual(errors, []);
  assert.deepEqual(
    requests.map(({ content }) => content.batch.length),
    [15, 15, 15, 15, 15, 15, 10],
  );
  const stored = (await ingest.storedEvents()).filter(({ headers }) => headers['message-id']?.startsWith('many-'));
  assert.equal(stored.length, numbers.length);
  for (const { content } of requests) {
    const order = content.batch.map(({ messageId }) => messageId);
    for (const records of Map.groupBy(stored, ({ key }) => String(key)).values()) {
      const positions = records
        .map(({ event }) => order.indexOf(event['messageId']))
        .filter((position) => position >= 0);
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
      );
    }
  }
  assert.deepEqual(
    stored.map(({ event }) => (event['properties'] as { number: number }).number).sort((a, b) => a - b),
    numbers,
  );
});

test('with a wrong write key the SDK is told 401, drops the event with an error, and nothing is stored', async () => {
  const { analytics, responses, errors } = observe({ writeKey: 'nobodys0key' });
  analytics.track({ userId: 'u-wrong', event: 'Lost', messageId: 'wrong-key' });
  await analytics.closeAndFlush({ timeout: 20_000 });
  assert.deepEqual(
    responses.map(({ status }) => status),
    [401],
  );
  assert.equal(errors.length, 1);
  assert.equal(errors[0]!.code, 'delivery_failure');
  assert.match(String(errors[0]!.reason), /401/);
  assert.ok(!(await ingest.storedMessageIds()).includes('wrong-key'));
  assert.equal(await ingest.deadLetterCount(), 0);
});

test('an answer that is lost on its way makes the SDK send again: two records under one messageId', async () => {
  let requestCount = 0;
  const losesTheFirstAnswer: HTTPFetchFn = async (url, init) => {
    requestCount += 1;
    const response = await fetch(url, init);
    if (requestCount > 1) return response;
    throw new TypeError('fetch failed: the connection was reset');
  };
  const { analytics, requests, errors } = observe({ httpClient: losesTheFirstAnswer });
  analytics.track({ userId: 'u-lost', event: 'Answered Late', messageId: 'lost-answer' });
  await analytics.closeAndFlush({ timeout: 20_000 });
  assert.deepEqual(errors, []);
  assert.deepEqual(
    requests.map(({ headers }) => headers['X-Retry-Count']),
    [undefined, '1'],
  );
  const records = (await ingest.storedEvents()).filter(({ event }) => event['messageId'] === 'lost-answer');
  assert.equal(records.length, 2);
  for (const [attempt, record] of records.entries()) {
    const { batch, sentAt } = requests[attempt]!.content;
    assertStoredAsSent(record, JSON.stringify(batch[0]), { batchSentAt: sentAt });
  }
  assert.deepEqual(records[0]!.key, records[1]!.key);
});

test('while Kafka refuses, ingest answers 503 with an integer Retry-After; the SDK repeats, and in the end it is stored as one event', async () => {
  const { analytics, requests, responses, errors } = observe({ flushAt: 1 });
  await ingest.removeTopics();
  const refused = Promise.withResolvers<void>();
  analytics.on('http_response', () => refused.resolve());
  analytics.identify({ userId: 'u-refused', traits: { kept: true }, messageId: 'refused-at-first' });
  await refused.promise;
  await ingest.restoreTopics();
  await analytics.closeAndFlush({ timeout: 30_000 });

  assert.deepEqual(errors, []);
  const refusals = responses.slice(0, -1);
  assert.ok(refusals.length > 0);
  for (const { status, headers } of refusals) {
    assert.equal(status, 503);
    assert.match(headers['retry-after'] ?? '', /^\d+$/);
  }
  assert.equal(responses.at(-1)!.status, 200);
  assert.deepEqual(
    requests.map(({ headers }) => headers['X-Retry-Count']),
    responses.map((_, attempt) => (attempt === 0 ? undefined : String(attempt))),
  );
  // A refusal says "not acknowledged", not "not stored": a record of an earlier attempt would be the same event once
  // more.
  const records = (await ingest.storedEvents()).filter(({ event }) => event['messageId'] === 'refused-at-first');
  assert.ok(records.length > 0);
  for (const record of records) {
    const { batch, sentAt } = requests.find(({ content }) => content.sentAt === record.event['sentAt'])!.content;
    assertStoredAsSent(record, JSON.stringify(batch[0]), { batchSentAt: sentAt });
  }
});
