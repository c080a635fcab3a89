import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { groupCall, identifyCall, trackCall } from '@astrolabe/segment/testing';
import { startTestServer as start } from '../test-server.ts';
import { API_KEY, WEBHOOK_SECRET, WRITE_KEY, basicAuth, toText } from '../testing.ts';

const sign = (text: string, secret = WEBHOOK_SECRET) => createHmac('sha1', secret).update(text).digest('hex');
const unsigned = { authorization: '' };
const signed = (text: string, secret?: string) => ({ authorization: '', 'x-signature': sign(text, secret) });

/** The key order and spacing of no serialiser, and a number that JSON.parse rounds. */
const oddText =
  '{ "type":"track","userId":"u1","messageId":"m1","originalTimestamp":"x","receivedAt":"x","event":"E","n":1.50 }';

test('a classic webhook is accepted by the signature of its body, and stored byte for byte', async (t) => {
  const { sink, post } = await start(t);
  const { status, body } = await post('/webhook/acme', oddText, { ...signed(oddText), 'user-agent': 'Segment.io/1.0' });
  assert.deepEqual([status, body], [200, { success: true }]);
  assert.deepEqual([toText(sink.events[0]).value, toText(sink.events[0]).headers['connector-id']], [oddText, 'acme']);
});

test('the signature is that of the body before compression, in hexadecimal digits of any case', async (t) => {
  const { post } = await start(t);
  const headers = { authorization: '', 'x-signature': sign(oddText).toUpperCase(), 'content-encoding': 'gzip' };
  assert.equal((await post('/webhook/acme/', gzipSync(oddText), headers)).status, 200);
});

test('an Actions webhook whose JSON a proxy rewrote is accepted, and stored as it was signed', async (t) => {
  const { sink, post } = await start(t);
  const data = JSON.stringify({ ...trackCall(), originalTimestamp: 'x', receivedAt: 'x' });
  const pretty = JSON.stringify(JSON.parse(data), undefined, 2);
  assert.equal((await post('/webhook/acme', pretty, signed(data))).status, 200);
  assert.equal(toText(sink.events[0]).value, data);
});

test('only what the signature covers is stored: of a repeated name, the value that was signed', async (t) => {
  const { sink, post } = await start(t);
  const data = '{"type":"track","userId":"u1","event":"E","messageId":"m1","originalTimestamp":"x","receivedAt":"x"}';
  assert.equal(
    (await post('/webhook/acme', data.replace('"userId"', '"userId":"forged","userId"'), signed(data))).status,
    200,
  );
  assert.equal(toText(sink.events[0]).value, data);
});

const event = JSON.stringify(trackCall());
const deep = `{"type":"track","userId":"u","event":"E","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;

const UNPROVEN = /neither a key of the connector that its path names.*nor in X-Signature/;

const refusals: Readonly<
  Record<string, readonly [path: string, body: string, headers: Record<string, string>, status: number, reason: RegExp]>
> = {
  'without key and signature': ['/webhook/acme', event, unsigned, 401, UNPROVEN],
  'with the signature of another secret': ['/webhook/acme', event, signed(event, 'other'), 401, UNPROVEN],
  'with the signature of another body': ['/webhook/acme', event, signed('{}'), 401, UNPROVEN],
  'with a signature that is not SHA-1': ['/webhook/acme', event, { ...unsigned, 'x-signature': 'abc' }, 401, UNPROVEN],
  'with an empty signature': ['/webhook/acme', event, { ...unsigned, 'x-signature': '' }, 401, UNPROVEN],
  'that nests too deep to be rewritten': ['/webhook/acme', deep, signed('{}'), 401, UNPROVEN],
  'signed for a connector without a secret': ['/webhook/plain', event, signed(event), 401, UNPROVEN],
  'signed with the text that stands in for a missing secret': [
    '/webhook/plain',
    event,
    signed(event, 'no connector has this secret'),
    401,
    UNPROVEN,
  ],
  'the same for no connector': ['/webhook/nobody', event, signed(event, 'no connector has this secret'), 401, UNPROVEN],
  'for no connector': ['/webhook/nobody', event, signed(event), 401, UNPROVEN],
  "with another connector's key": ['/webhook/plain', event, { authorization: basicAuth(`${API_KEY}:`) }, 401, UNPROVEN],
  'for a connector that is switched off': ['/webhook/dormant', event, signed(event), 403, /switched off/],
  'unsigned for a connector that is switched off': ['/webhook/dormant', event, unsigned, 401, UNPROVEN],
  'as a list that is only signed': ['/webhook/acme', `[${event}]`, signed(event), 401, UNPROVEN],
  'with a signed body that is not JSON': ['/webhook/acme', '{', signed('{'), 400, /not valid JSON/],
  'with a signed body that is not an object': ['/webhook/acme', '5', signed('5'), 400, /no object/],
};

/** All bytes that come back until the connection closes, without what differs from second to second. */
async function transcript(url: string, request: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  // Inflating takes a moment, and a connection that ends in it gets no answer.
  if (request.includes(closing)) socket.write(request.join('\r\n'));
  else socket.end(request.join('\r\n'));
  const text = (await socket.setEncoding('latin1').toArray()).join('');
  return text.replace(/^date: .*$/gim, 'date');
}

const closing = 'Connection: close';
const wrong = `X-Signature: ${sign(event, 'other')}`;
const length = `Content-Length: ${event.length}`;
/** One that is answered after it tells that the connection was left open. */
const next = ['GET / HTTP/1.1', 'Host: x', closing, '', ''];

const unprovenForms: Readonly<Record<string, readonly string[]>> = {
  'without key and signature': [length, '', event + next.join('\r\n')],
  'without key and signature, whose body does not come': ['Content-Length: 90000', '', event],
  'without key and signature, too large': ['Content-Length: 200000', '', event],
  'with a wrong signature': [wrong, length, '', event + next.join('\r\n')],
  'with a wrong signature, whose body does not come': [wrong, 'Content-Length: 90000', '', event],
  'with a wrong signature, too large': [wrong, 'Content-Length: 200000', '', event],
  'with a wrong signature and an encoding that is not supported': [wrong, length, 'Content-Encoding: br', '', event],
  'with a wrong signature and a body that is not gzip': [wrong, length, closing, 'Content-Encoding: gzip', '', event],
  'with what is not a signature': ['X-Signature: abc', length, '', event + next.join('\r\n')],
  'with a key of nobody': ['Authorization: Bearer nobody', length, '', event + next.join('\r\n')],
  'with a list': [wrong, `Content-Length: ${event.length + 2}`, '', `[${event}]${next.join('\r\n')}`],
  'with what is not JSON': [wrong, 'Content-Length: 1', '', `{${next.join('\r\n')}`],
};

for (const [name, form] of Object.entries(unprovenForms)) {
  test(`a webhook's refusal does not tell whether its connector exists: all bytes are the same ${name}`, async (t) => {
    const { url } = await start(t);
    const answers = new Set<string>();
    for (const connector of ['acme', 'plain', 'dormant', 'nobody', '__proto__']) {
      answers.add(await transcript(url, [`POST /webhook/${connector} HTTP/1.1`, 'Host: x', ...form]));
    }
    assert.equal(answers.size, 1, [...answers].join('\n---\n'));
  });
}

test('every unproven webhook is answered 401 with the same text', async (t) => {
  const { url } = await start(t);
  const answers = new Set<string>();
  for (const form of Object.values(unprovenForms).filter((lines) => lines.at(-1)?.includes('GET / ') === true)) {
    const text = await transcript(url, ['POST /webhook/acme HTTP/1.1', 'Host: x', ...form]);
    assert.match(text, /^HTTP\/1\.1 401 .*HTTP\/1\.1 200 /s, 'the connection serves the next request');
    assert.match(text, /"code":"webhook.unauthenticated"/);
    answers.add(text);
  }
  assert.equal(answers.size, 1, [...answers].join('\n---\n'));
});

for (const [name, [path, body, headers, status, reason]] of Object.entries(refusals)) {
  test(`a webhook ${name} is answered ${status} with the reason, and nothing is stored`, async (t) => {
    const { sink, post } = await start(t);
    const answer = await post(path, body, headers);
    assert.equal(answer.status, status);
    assert.match(String(answer.body['message']), reason);
    assert.equal(sink.events.length + sink.deadLetters.length, 0);
  });
}

for (const [name, authorization] of [
  ['Basic with a colon', basicAuth(`${API_KEY}:`)],
  ['Basic without a colon', basicAuth(API_KEY)],
  ['a write key', basicAuth(`${WRITE_KEY}:`)],
  ['Bearer', `Bearer ${API_KEY}`],
] as const) {
  test(`a list is accepted with ${name}, whatever its signature, and its bad events are named`, async (t) => {
    const { sink, post, metric } = await start(t);
    const list = [identifyCall(1), { type: 'track', userId: 'u1', messageId: 'bad' }, groupCall(3)];
    const { status, body } = await post('/webhook/acme', list, { authorization, 'x-signature': sign('anything') });
    const rejected = body['rejected'] as { index: number; messageId: string }[];
    assert.deepEqual([status, rejected.map(({ index, messageId }) => [index, messageId])], [200, [[1, 'bad']]]);
    assert.deepEqual([sink.events.length, sink.deadLetters.length], [2, 1]);
    assert.equal(await metric('ingest_requests_total{endpoint="webhook",connector="acme",status="200"}'), '1');
  });
}

test('a key is enough for a connector without a secret', async (t) => {
  const { post } = await start(t);
  assert.equal((await post('/webhook/plain', event, { authorization: basicAuth('key-plain:') })).status, 200);
});

test('a webhook accepts delete events, any casing, and page, screen and alias, as the Tracking API does', async (t) => {
  const { sink, post } = await start(t);
  for (const body of [
    '{"type":"delete","userId":"u1","timestamp":"2026-03-01T10:00:00.000Z"}',
    '{"Type":"track","user_id":"u1","Event":"E"}',
    '{"type":"page","userId":"u1"}',
    '{"type":"screen","userId":"u1"}',
    '{"type":"alias","userId":"u1","previousId":"u0"}',
  ]) {
    assert.equal((await post('/webhook/acme', body, signed(body))).status, 200);
  }
  assert.deepEqual(new Set(sink.events.map((record) => toText(record).key)), new Set(['["acme","user","u1"]']));
});

test('a single bad event is 400 and a dead letter', async (t) => {
  const { sink, post } = await start(t);
  const body = '{"type":"track","userId":"u1"}';
  assert.equal((await post('/webhook/acme', body, signed(body))).status, 400);
  assert.equal(sink.deadLetters.length, 1);
});

test('a webhook accepts events of up to 64 KB and lists of up to 4,000, as Segment delivers them', async (t) => {
  const { post } = await start(t, { maxBodyBytes: 800_000, maxInflatedBytes: 800_000, maxInFlightBytes: 2_000_000 });
  const large = JSON.stringify(trackCall(1, { properties: { text: 'x'.repeat(60_000) } }));
  assert.equal((await post('/webhook/acme', large, signed(large))).status, 200);
  const list = Array.from({ length: 4001 }, () => ({ type: 'identify', userId: 'u', messageId: 'm' }));
  const { body } = await post('/webhook/acme', list);
  assert.deepEqual(
    (body['rejected'] as { index: number }[]).map(({ index }) => index),
    [4000],
  );
});
