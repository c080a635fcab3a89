/**
 * Segment's SDK for browsers in a real Chromium, on a page of another origin than ingest: what it sends is what lies on
 * the topic, and the browser lets the page do all of it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import type { AnalyticsBrowser } from '@segment/analytics-next';
import type { Request } from 'playwright-core';
import type { JsonObject } from '@astrolabe/schemas';
import { eventually } from '@astrolabe/testkit';
import { launchChromium } from '@astrolabe/testkit/browser';
import { startSite, visit, type Site, type Visit } from './site.ts';
import { CONNECTOR_ID, startIngestOnBroker, WRITE_KEY, type IngestOnBroker } from './ingest-on-broker.ts';
import { assertStoredAsSent, findStored, isoTime, lasting } from './sent-and-stored.ts';

const kafkaBrokers = process.env['KAFKA_BROKERS'] ?? assert.fail('KAFKA_BROKERS is not set: run this by npm test');

/** Before anything else, so that where there is none this file fails once, and at once. */
const browser = await launchChromium(process.env);
let site: Site;
let ingest: IngestOnBroker;
before(async () => {
  site = await startSite();
  // Short, so that a refusal by Kafka reaches the SDK while the test waits.
  ingest = await startIngestOnBroker({ kafkaBrokers, env: { INGEST_PRODUCE_TIMEOUT_MS: '1000' } });
});
after(async () => {
  await browser.close();
  await site.close();
  await ingest.close();
  await ingest.removeTopics();
});

const PATH = '/pricing?utm_source=mail&utm_campaign=spring';

interface InPage {
  readonly writeKey: string;
  /** Where analytics.js looks for its settings; they name the host for events too. */
  readonly cdnURL: string;
  /** `InitOptions`, whose own type is too deep for what Playwright makes of it. */
  readonly options: object;
}

/**
 * Runs in the page, so it may use nothing from here. One call of each kind; resolves when the SDK has done with each.
 */
async function callEach({ writeKey, cdnURL, options }: InPage): Promise<void> {
  const { AnalyticsNext } = globalThis as unknown as { AnalyticsNext: { AnalyticsBrowser: typeof AnalyticsBrowser } };
  const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL }, options);
  await analytics.setAnonymousId('a-browser');
  await analytics.identify('u-browser', { email: 'zoë@example.com', logins: 3 });
  await analytics.group('g-browser', { name: 'Acme', employees: 50 });
  await analytics.track('Plan Chosen', { plan: 'pro', price: 12.5, tags: ['a', 'b'] });
  await analytics.page('Docs', 'Pricing', { dark: true });
  await analytics.screen('Home', { dark: true });
  await analytics.alias('u-browser', 'u-before');
}

/** What has to lie on the topic for `callEach`, but for what `context` knows about the browser. */
function expectedEvents(integrations: JsonObject): JsonObject[] {
  const url = `${site.origin}${PATH}`;
  const page = { path: '/pricing', referrer: '', search: PATH.slice(PATH.indexOf('?')), title: 'Pricing', url };
  const user = { userId: 'u-browser', anonymousId: 'a-browser', integrations, writeKey: WRITE_KEY };
  return [
    { ...user, type: 'identify', traits: { email: 'zoë@example.com', logins: 3 } },
    { ...user, type: 'group', groupId: 'g-browser', traits: { name: 'Acme', employees: 50 } },
    { ...user, type: 'track', event: 'Plan Chosen', properties: { plan: 'pro', price: 12.5, tags: ['a', 'b'] } },
    {
      ...user,
      type: 'page',
      category: 'Docs',
      name: 'Pricing',
      properties: { ...page, dark: true, category: 'Docs', name: 'Pricing' },
    },
    { ...user, type: 'screen', name: 'Home', properties: { dark: true } },
    { ...user, type: 'alias', previousId: 'u-before' },
  ];
}

function postsOf({ requests }: Visit): Request[] {
  return requests.filter((request) => request.method() === 'POST');
}

/** `sent` are the events as texts in the order of `expected`. */
async function assertEachIsStored(
  sent: readonly string[],
  expected: readonly JsonObject[],
  batchSentAt?: string,
): Promise<void> {
  const stored = await ingest.storedEvents();
  assert.equal(sent.length, expected.length);
  for (const [index, text] of sent.entries()) {
    const record = findStored(stored, (JSON.parse(text) as JsonObject)['messageId']);
    assertStoredAsSent(record, text, batchSentAt === undefined ? {} : { batchSentAt });
    assert.deepEqual(lasting(record, 'context'), expected[index]);
    assert.deepEqual(record.key, [CONNECTOR_ID, 'user', 'u-browser']);
    const { event } = record;
    assert.match(String(event['messageId']), /^ajs-next-\d{13}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(String(event['originalTimestamp']), isoTime);
    const context = event['context'] as JsonObject;
    assert.deepEqual(context['library'], { name: 'analytics.js', version: 'next-1.84.3' });
    assert.deepEqual(context['campaign'], { source: 'mail', name: 'spring' });
    assert.equal((context['page'] as JsonObject)['url'], `${site.origin}${PATH}`);
    assert.match(String(context['userAgent']), /Chrome\//);
  }
}

function inPage(segmentOptions?: object): InPage {
  const options = segmentOptions === undefined ? {} : { integrations: { 'Segment.io': segmentOptions } };
  return { writeKey: WRITE_KEY, cdnURL: ingest.process.url, options };
}

function batching(config: { readonly size: number; readonly timeout: number }): object {
  return { deliveryStrategy: { strategy: 'batching', config } };
}

test('a page that knows nothing but its write key and where to ask for settings sends each call by itself, across origins', async (t) => {
  const visited = await visit(browser, `${site.origin}${PATH}`);
  t.after(() => visited.close());
  await visited.page.evaluate(callEach, inPage());

  const posts = postsOf(visited);
  const urls = ['i', 'g', 't', 'p', 's', 'a'].map((path) => `${ingest.process.url}/v1/${path}`);
  assert.deepEqual(
    posts.map((request) => request.url()),
    urls,
  );
  assert.deepEqual(
    visited.preflights,
    urls.map((url) => `POST ${url}`),
  );
  for (const request of posts) {
    const headers = await request.allHeaders();
    assert.equal(headers['content-type'], 'text/plain');
    assert.equal(headers['authorization'], `Basic ${btoa(`${WRITE_KEY}:`)}`);
    assert.equal((await request.response())?.status(), 200);
  }
  await assertEachIsStored(
    posts.map((request) => request.postData() ?? ''),
    expectedEvents({}),
  );
  assert.deepEqual(visited.errors, []);
});

test('a page that batches sends one request across origins, and its events lie on the topic each by itself', async (t) => {
  const visited = await visit(browser, `${site.origin}${PATH}`);
  t.after(() => visited.close());
  const { page } = visited;
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.evaluate(callEach, inPage(batching({ size: 6, timeout: 60_000 })));
  assert.equal((await answered).status(), 200);

  const url = `${ingest.process.url}/v1/b`;
  const [post, ...others] = postsOf(visited);
  assert.deepEqual([post?.url(), others, visited.preflights], [url, [], [`POST ${url}`]]);
  const { batch, sentAt } = JSON.parse(post?.postData() ?? '') as { batch: JsonObject[]; sentAt: string };
  await assertEachIsStored(
    batch.map((event) => JSON.stringify(event)),
    // The SDK's own note that the page gave it options for this destination.
    expectedEvents({ 'Segment.io': true }),
    sentAt,
  );
  assert.deepEqual(visited.errors, []);
});

test('what a page has gathered when it is left is sent on the way out, and stored', async (t) => {
  const left = `${site.origin}/left`;
  const visited = await visit(browser, left);
  t.after(() => visited.close());
  const { page } = visited;
  await page.evaluate(callEach, inPage(batching({ size: 100, timeout: 60_000 })));
  assert.deepEqual(postsOf(visited), []);
  await page.goto(`${site.origin}/next`);
  const types = await eventually(
    async () => {
      const events = (await ingest.storedEvents()).map(({ event }) => event);
      const ofThisPage = events.filter(
        ({ context }) => ((context as JsonObject)['page'] as JsonObject)['url'] === left,
      );
      return ofThisPage.length > 0 && ofThisPage.map(({ type }) => type);
    },
    { timeoutMs: 15_000, describe: 'the events of a page that was left' },
  );
  assert.deepEqual(types, ['identify', 'group', 'track', 'page', 'screen', 'alias']);
});

test('while Kafka refuses, a script can read status and Retry-After across origins, and the SDK sends again until the event is stored', async (t) => {
  const visited = await visit(browser, `${site.origin}${PATH}`);
  t.after(() => visited.close());
  const { page } = visited;
  const messageId = 'browser-refused';
  await ingest.removeTopics();
  const refusal = page.waitForResponse((response) => response.request().postData()?.includes(messageId) === true);
  await page.evaluate(
    ({ writeKey, cdnURL, messageId }) => {
      const { AnalyticsNext } = globalThis as unknown as {
        AnalyticsNext: { AnalyticsBrowser: typeof AnalyticsBrowser };
      };
      const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL });
      void analytics.track('Refused At First', {}, { messageId });
    },
    { writeKey: WRITE_KEY, cdnURL: ingest.process.url, messageId },
  );
  const read = await page.evaluate(
    async ({ url, writeKey }) => {
      const response = await fetch(`${url}/v1/t`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain', Authorization: `Basic ${btoa(`${writeKey}:`)}`, 'X-Retry-Count': '1' },
        body: JSON.stringify({ userId: 'u', event: 'Read By Script', messageId: 'script-refused' }),
      });
      return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.text() };
    },
    { url: ingest.process.url, writeKey: WRITE_KEY },
  );
  assert.equal(read.status, 503);
  assert.match(read.retryAfter ?? '', /^\d+$/);
  assert.equal((JSON.parse(read.body) as JsonObject)['success'], false);
  assert.equal((await refusal).status(), 503);
  await ingest.restoreTopics();

  const records = await eventually(
    async () => {
      const stored = await ingest.storedEvents();
      const found = stored.filter(({ event }) => event['messageId'] === messageId);
      return found.length > 0 && found;
    },
    { timeoutMs: 20_000, describe: 'the event that was refused at first' },
  );
  for (const { event } of records) assert.equal(event['event'], 'Refused At First');
  const ofSdk = postsOf(visited).filter((request) => request.postData()?.includes(messageId));
  const retryCounts = await Promise.all(ofSdk.map((request) => request.headerValue('x-retry-count')));
  assert.ok(retryCounts.length > 1);
  assert.equal(retryCounts[0], null);
  assert.ok(
    retryCounts.slice(1).every((count) => count !== null),
    `a header of its own on every repetition: ${retryCounts.join(', ')}`,
  );
  // The browser notes every 503 as an error; that it kept nothing from the page is what counts.
  assert.deepEqual(
    visited.errors.filter((line) => !line.includes('the server responded with a status of 503')),
    [],
  );
});

test('a wrong write key is an answer that a script can read, not a failure of the network', async (t) => {
  const visited = await visit(browser, `${site.origin}${PATH}`);
  t.after(() => visited.close());
  const statuses = await visited.page.evaluate(async (url) => {
    const authorization = `Basic ${btoa('nobodys0key:')}`;
    const settings = await fetch(`${url}/v1/projects/nobodys0key/settings`);
    const event = await fetch(`${url}/v1/t`, { method: 'POST', headers: { authorization }, body: '{"event":"E"}' });
    return [settings.status, event.status];
  }, ingest.process.url);
  assert.deepEqual(statuses, [401, 401]);
  assert.ok(!visited.errors.some((line) => /CORS/i.test(line)), visited.errors.join('\n'));
});

test('half a minute later the page has talked to nobody but its own site and ingest', async (t) => {
  const visited = await visit(browser, 'about:blank');
  t.after(() => visited.close());
  const { page } = visited;
  await page.clock.install();
  await page.goto(`${site.origin}${PATH}`);
  await page.evaluate(callEach, inPage());
  // analytics.js reports about itself every 30 s: to Segment, unless its settings say otherwise.
  await page.clock.fastForward(31_000);
  await page.evaluate(() => fetch('/done'));
  const origins = new Set(visited.requests.map((request) => new URL(request.url()).origin));
  origins.delete('null');
  assert.deepEqual([...origins].sort(), [ingest.process.url, site.origin].sort());
});

test('behind a proxy that ends TLS, the SDK sends by https, though ingest itself is asked by http', async (t) => {
  const visited = await visit(browser, 'about:blank');
  t.after(() => visited.close());
  const { page } = visited;
  const asked: string[] = [];
  // Both schemes, so that a request by the wrong one is seen and not lost.
  await page.route(/^https?:\/\/events\.example\.com\//, async (route) => {
    const request = route.request();
    asked.push(`${request.method()} ${request.url()}`);
    await route.fulfill(await passOn(request));
  });
  await page.goto(`${site.origin}${PATH}`);
  await page.evaluate(
    async ({ writeKey, cdnURL }) => {
      const { AnalyticsNext } = globalThis as unknown as {
        AnalyticsNext: { AnalyticsBrowser: typeof AnalyticsBrowser };
      };
      const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL });
      await analytics.track('By Way Of TLS', {}, { messageId: 'browser-tls' });
    },
    { writeKey: WRITE_KEY, cdnURL: 'https://events.example.com' },
  );
  assert.deepEqual(asked, [
    `GET https://events.example.com/v1/projects/${WRITE_KEY}/settings`,
    'POST https://events.example.com/v1/t',
  ]);
  findStored(await ingest.storedEvents(), 'browser-tls');
});

/** As a proxy does that keeps the client's Host. */
async function passOn(sent: Request) {
  const { pathname, host } = new URL(sent.url());
  const headers = { ...(await sent.allHeaders()), host };
  const request = httpRequest(`${ingest.process.url}${pathname}`, { method: sent.method(), headers });
  request.end(sent.postDataBuffer() ?? undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray());
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
    body,
  };
}

test('a page may add headers of its own and send credentials, and the SDK learns that its event is stored', async (t) => {
  const visited = await visit(browser, `${site.origin}${PATH}`);
  t.after(() => visited.close());
  const config = {
    headers: { 'x-csrf-token': 't', 'sentry-trace': 's', baggage: 'b', tracestate: 'a=b', anonymousid: 'a' },
    credentials: 'include',
  };
  const segmentOptions = { deliveryStrategy: { strategy: 'standard', config } };
  await visited.page.evaluate(callEach, inPage(segmentOptions));
  const posts = postsOf(visited);
  assert.equal(posts.length, 6, 'each is sent once: an answer that the page cannot read would be a repetition');
  assert.equal(visited.preflights.length, 6);
  for (const request of posts) {
    assert.equal((await request.response())?.status(), 200);
    assert.equal(await request.headerValue('x-csrf-token'), 't');
  }
  const stored = await ingest.storedEvents();
  for (const request of posts) {
    findStored(stored, (JSON.parse(request.postData() ?? '') as JsonObject)['messageId']);
  }
  assert.deepEqual(visited.errors, []);
});

test('a script with credentials reads every answer, refusals and paths that do not exist included', async (t) => {
  const visited = await visit(browser, `${site.origin}${PATH}`);
  t.after(() => visited.close());
  const read = await visited.page.evaluate(
    async ({ url, key }) => {
      const ask = async (path: string, contentType: string, user: string, body: string) => {
        const response = await fetch(url + path, {
          method: 'POST',
          credentials: 'include',
          headers: { 'content-type': contentType, authorization: `Basic ${btoa(`${user}:`)}` },
          body,
        });
        return [response.status, ((await response.json()) as { code?: string }).code ?? ''];
      };
      const event = JSON.stringify({ type: 'track', userId: 'u', event: 'With Credentials' });
      return [
        await ask('/v1/t', 'text/plain', key, event),
        await ask('/v1/t', 'application/json', key, event),
        await ask('/v1/t', 'application/json', key, '{'),
        await ask('/v1/t', 'application/json', 'nobody', event),
        await ask('/v1/nothing', 'application/json', key, event),
      ];
    },
    { url: ingest.process.url, key: WRITE_KEY },
  );
  assert.deepEqual(read, [
    [200, ''],
    [200, ''],
    [400, 'event.invalid-json'],
    [401, 'event.unauthenticated'],
    [404, 'request.not-found'],
  ]);
  assert.ok(!visited.errors.some((line) => /CORS/i.test(line)), visited.errors.join('\n'));
});
