/**
 * Requests that are answered by their headers: whatever their body holds, it is not read as a whole, inflated or
 * parsed.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { trackCall } from '@astrolabe/segment/testing';
import { startTestServer as start } from '../test-server.ts';
import { API_KEY, DISABLED_KEY, WRITE_KEY, basicAuth } from '../testing.ts';

const unknown = basicAuth('nobody:');

/** The response text once that much of it has arrived. */
async function answerTo(url: string, head: string, until: RegExp): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(head);
  let text = '';
  while (!until.test(text)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  socket.destroy();
  return text;
}

for (const [name, path, headers, status] of [
  ['an unknown Basic key', '/v1/batch', [`Authorization: ${unknown}`], 401],
  ['the key of a connector that is switched off', '/v1/b', [`Authorization: ${basicAuth(DISABLED_KEY)}`], 403],
  ['no key at the partner endpoint', '/segment', [], 401],
  [
    'a webhook of an unknown connector',
    '/webhook/nobody',
    [`Authorization: ${basicAuth(API_KEY)}`, 'X-Signature: ff'],
    401,
  ],
  ['a webhook without key and signature', '/webhook/acme', [], 401],
  ["an SDK's metrics", '/v1/m', [], 200],
] as const) {
  test(`${name}: answered ${status} before the body has come`, async (t) => {
    const { url } = await start(t);
    const head = [`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Length: 90000', ...headers];
    const text = await answerTo(url, `${head.join('\r\n')}\r\n\r\n{"batch":[`, /\r\n\r\n.+/);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.doesNotMatch(
      text,
      /connection: close/i,
      'the sender may write its body to the end, and read the answer then',
    );
  });
}

test('after a refusal by the headers the connection serves the next request, with a length and chunked', async (t) => {
  const { url, sink } = await start(t);
  const good = JSON.stringify(trackCall());
  const next = [
    'POST /v1/track HTTP/1.1',
    'Host: x',
    `Authorization: ${basicAuth(API_KEY)}`,
    `Content-Length: ${good.length}`,
    '',
    good,
  ].join('\r\n');
  const refused = ['POST /v1/batch HTTP/1.1', 'Host: x', `Authorization: ${unknown}`];
  const body = 'x'.repeat(50_000);
  for (const first of [
    [...refused, `Content-Length: ${body.length}`, '', body].join('\r\n'),
    [...refused, 'Transfer-Encoding: chunked', '', body.length.toString(16), body, '0', '', ''].join('\r\n'),
  ]) {
    const text = await answerTo(url, first + next, /HTTP\/1\.1 \d+ .*HTTP\/1\.1 \d+ .*\r\n\r\n.+/s);
    assert.deepEqual(
      [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ['401', '200'],
    );
  }
  assert.equal(sink.events.length, 2);
});

test("a refused sender's compressed body is not inflated", async (t) => {
  const { post } = await start(t);
  const headers = { authorization: unknown, 'content-encoding': 'gzip' };
  for (const body of ['no gzip', gzipSync(Buffer.alloc(10_000_000))]) {
    assert.equal((await post('/v1/batch', body, headers)).status, 401);
  }
});

test('a client whose bodies were inflated in vain is answered 429 unread, and a sender with a key at its address is not', async (t) => {
  let nowMs = 0;
  const { post } = await start(t, { clientWorkMsPerSecond: 1 }, () => nowMs);
  const bomb = gzipSync(Buffer.alloc(10_000_000));
  const statuses: number[] = [];
  for (let index = 0; index < 14; index += 1) {
    statuses.push((await post('/v1/batch', bomb, { authorization: '', 'content-encoding': 'gzip' })).status);
  }
  // Half a millisecond each, for the 100,000 bytes that are inflated at most, of the five that are allowed at once.
  assert.deepEqual(statuses.slice(0, 10), Array(10).fill(400));
  assert.equal(statuses.at(-1), 429);
  const inBody = { ...trackCall(), writeKey: WRITE_KEY };
  assert.equal(
    (await post('/v1/track', inBody, { authorization: '' })).status,
    429,
    'nobody can tell it from the others',
  );
  assert.equal((await post('/v1/track', trackCall())).status, 200);
  nowMs += 5_000;
  assert.equal((await post('/v1/track', inBody, { authorization: '' })).status, 200);
});

test('bodies with many byte order marks are refused at every path, and the server keeps running', async (t) => {
  const { post } = await start(t, { maxBodyBytes: 800_000, maxInflatedBytes: 800_000, maxInFlightBytes: 5_000_000 });
  for (const marks of [5_000, 262_000]) {
    const body = gzipSync(Buffer.from('\ufeff'.repeat(marks).padEnd(780_000 / 3, ' ')));
    for (const path of ['/v1/batch', '/v1/track', '/v1/b', '/webhook/acme', '/segment']) {
      for (const authorization of ['', basicAuth(API_KEY)]) {
        const headers = { authorization, 'content-encoding': 'gzip', 'x-signature': 'f'.repeat(40) };
        const { status } = await post(path, body, headers);
        assert.equal(status, authorization === '' ? 401 : 400, `${path} ${marks}`);
      }
    }
  }
  assert.equal((await post('/v1/track', trackCall())).status, 200);
});
