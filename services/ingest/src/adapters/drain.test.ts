import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { trackCall } from '@astrolabe/segment/testing';
import { startTestServer as start } from '../test-server.ts';
import { API_KEY, basicAuth } from '../testing.ts';

/** What a client that keeps its connection open gets, until the server ends it. */
async function untilClosed(url: string, requests: readonly string[], onFirstAnswer: () => void): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const ended = once(socket, 'close');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const next = requests[text.split('HTTP/1.1 ').length - 1];
    if (next === undefined) return;
    onFirstAnswer();
    socket.write(next);
  });
  socket.write(requests[0] ?? '');
  await ended;
  return text;
}

test('a server that drains stores what comes, and each connection ends with its next answer', async (t) => {
  const { url, sink, drain } = await start(t);
  const body = JSON.stringify(trackCall());
  const head = ['Host: x', `Authorization: ${basicAuth(`${API_KEY}:`)}`, `Content-Length: ${body.length}`];
  const request = `POST /v1/track HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`;
  const text = await untilClosed(url, [request, request], drain);
  const [, before = '', after = ''] = text.split('HTTP/1.1 ');
  assert.match(before, /^200 /);
  assert.match(before, /connection: keep-alive/i);
  assert.match(after, /^200 /);
  assert.match(after, /connection: close/i);
  assert.equal(sink.events.length, 2);
});

test('every answer of a server that drains ends its connection, and its probe says to go elsewhere', async (t) => {
  const { url, post, drain } = await start(t);
  drain();
  const probe = await fetch(`${url}/`);
  assert.equal(probe.status, 503);
  const answers = [
    probe,
    await fetch(`${url}/nowhere`),
    await fetch(`${url}/v1/pixel/track`),
    await fetch(`${url}/v1/track`, { method: 'OPTIONS' }),
    await fetch(`${url}/v1/projects/key/settings`),
    await post('/v1/track', trackCall()),
  ];
  assert.deepEqual(
    answers.map(({ headers }) => headers.get('connection')),
    answers.map(() => 'close'),
  );
});

test('a request that is in progress when the drain begins ends its connection too', async (t) => {
  const { sink, post, drain, metric } = await start(t);
  const gate = sink.hold();
  const answered = post('/v1/track', trackCall());
  while ((await metric('ingest_in_flight_bytes')) === '0') await new Promise(setImmediate);
  drain();
  gate.release();
  const { status, headers } = await answered;
  assert.deepEqual([status, headers.get('connection')], [200, 'close']);
});
