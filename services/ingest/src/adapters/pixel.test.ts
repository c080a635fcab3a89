import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { startTestServer as start } from '../test-server.ts';
import { API_KEY, DISABLED_KEY, WRITE_KEY, basicAuth, toText } from '../testing.ts';

const encode = (event: object) => Buffer.from(JSON.stringify(event)).toString('base64');
const event = { writeKey: WRITE_KEY, userId: 'u1', groupId: 'g1', previousId: 'u0', event: 'Email Opened' };

async function ask(url: string, path: string, init: RequestInit = {}) {
  const response = await fetch(url + path, init);
  const image = Buffer.from(await response.arrayBuffer());
  assert.equal(response.headers.get('content-type'), 'image/gif');
  assert.match(response.headers.get('cache-control') ?? '', /no-store/);
  if (init.method !== 'HEAD') assert.equal(image.subarray(0, 6).toString(), 'GIF89a');
  return response;
}

for (const base of ['/v1/pixel', '/pixel', '/pixel/v1']) {
  test(`an image below ${base} is an event of the type in its path`, async (t) => {
    const { url, sink, metric } = await start(t);
    for (const type of ['identify', 'track', 'page', 'screen', 'group', 'alias']) {
      assert.equal((await ask(url, `${base}/${type}?data=${encode(event)}`)).status, 200);
      const stored = JSON.parse(toText(sink.events.at(-1)).value ?? '') as { type: string };
      assert.equal(stored.type, type);
    }
    assert.equal(await metric('ingest_requests_total{endpoint="pixel",connector="acme",status="200"}'), '6');
  });
}

test("an event's fields may be parameters of the address", async (t) => {
  const { url, sink } = await start(t);
  await ask(url, `/v1/pixel/track?writeKey=${WRITE_KEY}&userId=u1&event=Email%20Opened&properties.subject=The+Daily`);
  const { properties } = JSON.parse(toText(sink.events[0]).value ?? '') as { properties: object };
  assert.deepEqual(properties, { subject: 'The Daily' });
});

const refused: Readonly<Record<string, readonly [query: string, status: number, deadLetters: number]>> = {
  'an unknown key': [`data=${encode({ ...event, writeKey: 'nobody' })}`, 401, 0],
  'no key': [`data=${encode({ ...event, writeKey: undefined })}`, 401, 0],
  'the key of a connector that is switched off': [`data=${encode({ ...event, writeKey: DISABLED_KEY })}`, 403, 0],
  'what is not JSON, without a key': ['data=%7B', 401, 0],
  'what is not JSON, with a key': [`data=%7B%22writeKey%22:%22${WRITE_KEY}%22,%22a%22:nope%7D`, 400, 0],
  'no query': ['', 401, 0],
  'an event without a name': [`data=${encode({ ...event, event: undefined })}`, 400, 1],
};

for (const [name, [query, status, deadLetters]] of Object.entries(refused)) {
  test(`an image with ${name} is still answered with an image, and counted as ${status}`, async (t) => {
    const { url, sink, metric } = await start(t);
    assert.equal((await ask(url, `/v1/pixel/track?${query}`)).status, 200);
    assert.deepEqual([sink.events.length, sink.deadLetters.length], [0, deadLetters]);
    const text = ['acme', 'dormant', 'unknown'].map((connector) =>
      metric(`ingest_requests_total{endpoint="pixel",connector="${connector}",status="${status}"}`),
    );
    assert.deepEqual(
      (await Promise.all(text)).filter((count) => count !== undefined),
      ['1'],
    );
  });
}

test('a 200 means stored: the image comes with 503 while events cannot be stored, and with 429 beyond a limit', async (t) => {
  const { url, sink } = await start(t, { connectorEventsPerSecond: 1, connectorBurstEvents: 1 }, () => 0);
  sink.failWith(new PipelineError('kafka.unavailable', 'no broker', { retryable: true }));
  const away = await ask(url, `/v1/pixel/track?data=${encode(event)}`);
  assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '5']);
  sink.failWith(undefined);
  assert.equal((await ask(url, `/v1/pixel/track?data=${encode(event)}`)).status, 429);
});

test('HEAD sends no event, and an API key in the header counts', async (t) => {
  const { url, sink } = await start(t);
  assert.equal((await ask(url, `/v1/pixel/track?data=${encode(event)}`, { method: 'HEAD' })).status, 200);
  assert.equal(sink.events.length, 0);
  const headers = { authorization: basicAuth(`${API_KEY}:`) };
  await ask(url, `/v1/pixel/track?data=${encode({ ...event, writeKey: undefined })}`, { headers });
  assert.equal(sink.events.length, 1);
});

test('an image accepts no other method, and an address beyond 16 KB is 431', async (t) => {
  const { url } = await start(t);
  assert.equal((await fetch(`${url}/v1/pixel/track`, { method: 'POST' })).status, 405);
  assert.equal((await fetch(`${url}/v1/pixel/track?data=${'a'.repeat(17_000)}`)).status, 431);
});

test("images without a valid key count towards their client's limit, and those with one towards their key's", async (t) => {
  const { url, sink } = await start(t, { clientWorkMsPerSecond: 0.0001 }, () => 0);
  const nobody = `/v1/pixel/track?data=${encode({ ...event, writeKey: 'nobody' })}`;
  assert.equal((await ask(url, nobody)).status, 200);
  const limited = await ask(url, nobody);
  assert.equal(limited.status, 429, 'the first has cost more than the client may');
  assert.match(limited.headers.get('retry-after') ?? '', /^\d+$/);
  const headers = { authorization: basicAuth(`${WRITE_KEY}:`) };
  assert.equal((await ask(url, `/v1/pixel/track?data=${encode(event)}`, { headers })).status, 200);
  assert.equal(sink.events.length, 1);
});

test('the work of an image is charged to its key, and what it holds to its connector', async (t) => {
  const { url } = await start(t, { connectorWorkMsPerSecond: 0.0001 }, () => 0);
  const headers = { authorization: basicAuth(`${WRITE_KEY}:`) };
  assert.equal((await ask(url, `/v1/pixel/track?data=${encode(event)}`, { headers })).status, 200);
  assert.equal((await ask(url, `/v1/pixel/track?data=${encode(event)}`, { headers })).status, 429);
});
