import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { openTestReads } from '../read/testing/open-test-reads.ts';
import { eventRecord } from '../read/testing/records.ts';
import { startTestConsole } from '../testing/test-console.ts';
import { readRoutes } from './read-routes.ts';

/** Text of a stream up to where it holds what is waited for; the connection is closed then. */
async function streamUntil(
  url: string,
  wanted: RegExp,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  assert.ok(response.body !== null);
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of response.body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true });
    if (wanted.test(text)) break;
  }
  leaving.abort();
  return text;
}

test('the document can be made of the routes without any read', () => {
  const routes = readRoutes(() => {
    throw new Error('a route was asked while the document was made');
  }).flat();
  assert.ok(routes.length >= 15);
  for (const { path, query, answer } of routes) {
    assert.ok(query instanceof z.ZodObject, path);
    assert.equal(z.toJSONSchema(query, { io: 'input' }).type, 'object', path);
    assert.ok(Object.keys(z.toJSONSchema(answer)).length > 0, path);
  }
});

test('reads are answered over HTTP, and a query that no page sends is refused with its rule', async (t) => {
  const { routes } = await openTestReads(t);
  const console = await startTestConsole(t, { routes });
  const overview = await console.ask('GET', '/overview?period=5m');
  assert.equal(overview.status, 200);
  assert.equal((overview.body as { period: string }).period, '5m');
  const unknown = await console.ask('GET', '/overview?perod=5m');
  assert.equal(unknown.status, 400);
  assert.match(unknown.text, /perod/);
  assert.equal((await console.ask('GET', '/dead-letters/records?limit=501')).status, 400);
  assert.equal((await console.ask('GET', '/connectors/nobody')).status, 404);
});

test('a live view over HTTP goes on where its connection broke', async (t) => {
  const { routes, cluster, reads, clock } = await openTestReads(t);
  const console = await startTestConsole(t, { routes });
  const url = `${console.url}/api/v1/live/stream?topics=events`;
  const { segmentEvents } = cluster.topics;
  const stop = reads.live.watch(new Set(['events'] as const), {
    onItem: () => undefined,
    onNotRead: () => undefined,
    onState: () => {
      const [state] = reads.live.states(new Set(['events'] as const));
      if (state?.state === 'reading') void cluster.log.send(segmentEvents.name, [eventRecord('m1'), eventRecord('m2')]);
    },
  });
  t.after(stop);
  const first = await streamUntil(url, /"messageId":"m1"/, { 'last-event-id': 'p1.0' });
  assert.match(first, /^event: rows$/m);
  const [, position] = /^id: (p1\.\d+)$/m.exec(first) ?? [];
  assert.ok(position !== undefined);
  await cluster.log.send(segmentEvents.name, [eventRecord('m3')]);
  // Between two fetches the view rests.
  await clock.advance(250);
  const back = await streamUntil(url, /"messageId":"m3"/, { 'last-event-id': position });
  assert.doesNotMatch(back, /"messageId":"m1"/);
});
