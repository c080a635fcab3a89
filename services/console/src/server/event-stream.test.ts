import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { createManualClock, systemClock, type Clock } from '@astrolabe/service-kit/clock';
import type { Route, ServerSentEvent } from '../routes/route.ts';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';
import { makeUsersFile, passwordOf } from '../testing/users.ts';
import { HEARTBEAT_MS, SLOW_AFTER_MS, eventText } from './event-stream.ts';

type Events = (request: {
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}) => AsyncIterable<ServerSentEvent>;

async function startStream(t: TestContext, events: Events, clock: Clock = systemClock): Promise<TestConsole> {
  return startTestConsole(t, { routes: [streamOf(events)], clock });
}

function streamOf(events: Events): Route {
  return {
    method: 'GET',
    path: '/events',
    role: 'viewer',
    summary: 'Events',
    answer: z.looseObject({}),
    answers: 'stream',
    handle: async (request) => ({ kind: 'stream', events: events(request) }),
  };
}

async function open(console: TestConsole, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  const request = get(`${console.url}/api/v1/events`, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  response.on('error', () => undefined);
  return response;
}

async function readUntil(response: IncomingMessage, end: RegExp): Promise<string> {
  let text = '';
  for (;;) {
    if (end.test(text)) return text;
    const chunk = response.read() as string | null;
    if (chunk !== null) text += chunk;
    else if (response.readableEnded) return text;
    else await Promise.race([once(response, 'readable'), once(response, 'end')]);
  }
}

/** Nothing comes until the stream is over. */
async function* silence(signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  if (!signal.aborted) await once(signal, 'abort');
  yield* [];
}

test('events are sent with their position, and numbers beyond 2^53 as the text that they are', async (t) => {
  const console = await startStream(t, async function* ({ signal }) {
    yield { id: '0-17', event: 'row', data: { offset: '9223372036854775807', text: 'a\nb' } };
    yield { event: 'dropped', data: { count: 3 } };
    yield* silence(signal);
  });
  const response = await open(console);
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(response.headers['x-accel-buffering'], 'no');
  assert.equal(response.headers['cache-control'], 'no-store');
  assert.equal(
    await readUntil(response, /"count"/),
    'retry: 2000\n\nid: 0-17\nevent: row\ndata: {"offset":"9223372036854775807","text":"a\\nb"}\n\nevent: dropped\ndata: {"count":3}\n\n',
  );
  response.destroy();
});

test('a browser that comes back says which event it had last, by the header or by the address', async (t) => {
  const asked: unknown[] = [];
  const console = await startStream(t, async function* ({ query, signal }) {
    asked.push(query['lastEventId']);
    yield { event: 'begun', data: {} };
    yield* silence(signal);
  });
  const byHeader = await open(console, { 'last-event-id': '0-17' });
  await readUntil(byHeader, /begun/);
  byHeader.destroy();
  const byAddress = await fetch(`${console.url}/api/v1/events?lastEventId=0-18`);
  await byAddress.body?.cancel();
  assert.deepEqual(asked, ['0-17', '0-18']);
});

test('a stream without events says every 15 s that it is there', async (t) => {
  const clock = createManualClock();
  const console = await startStream(t, ({ signal }) => silence(signal), clock);
  const response = await open(console);
  await readUntil(response, /retry/);
  for (let beat = 0; beat < 3; beat += 1) {
    await clock.untilSleeping();
    await clock.advance(HEARTBEAT_MS);
    assert.equal(await readUntil(response, /\n\n/), ':\n\n');
  }
  response.destroy();
});

test('a stream ends with the session that it was opened in', async (t) => {
  const clock = createManualClock();
  const route = streamOf(({ signal }) => silence(signal));
  const env = {
    CONSOLE_LOGIN: 'basic',
    CONSOLE_USERS_FILE: await makeUsersFile(t, ['ann']),
    CONSOLE_SESSION_SECRET: 'a secret of the console for its sessions',
    CONSOLE_SESSION_MINUTES: '5',
  };
  const console = await startTestConsole(t, { routes: [route], clock, env });
  const { headers } = await console.ask('POST', '/login', { body: { name: 'ann', password: passwordOf('ann') } });
  const response = await open(console, { cookie: headers.getSetCookie()[0]?.split(';', 1)[0] ?? '' });
  await readUntil(response, /retry/);
  const closed = closeOf(response.resume());
  await clock.untilSleeping();
  await clock.advance(5 * 60_000);
  await closed;
  await untilEnded(console, 'session');
});

test('a source is told when the client leaves', async (t) => {
  const left = Promise.withResolvers<undefined>();
  const console = await startStream(t, async function* ({ signal }) {
    signal.addEventListener('abort', () => left.resolve(undefined));
    yield { event: 'begun', data: {} };
    yield* silence(signal);
  });
  const response = await open(console);
  await readUntil(response, /begun/);
  response.destroy();
  await left.promise;
  await untilEnded(console, 'left');
});

test('a client that takes nothing is cut off, counted, and cost one event at a time until then', async (t) => {
  const clock = createManualClock();
  let made = 0;
  const text = 'x'.repeat(1_000_000);
  const console = await startStream(
    t,
    async function* () {
      for (;;) {
        made += 1;
        yield { event: 'row', data: { text } };
      }
    },
    clock,
  );
  const response = await open(console);
  response.pause();
  const closed = closeOf(response);
  // The writer sleeps as soon as neither side's socket takes more.
  await clock.untilSleeping();
  let before = -1;
  while (before !== made) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await clock.untilSleeping();
  }
  await clock.advance(SLOW_AFTER_MS);
  response.resume();
  await closed;
  await untilEnded(console, 'slow');
  assert.ok(made < 100, `${made} events of 1 MB were made`);
});

test('streams end when the console stops, and it stops without waiting for them', async (t) => {
  const console = await startStream(t, async function* ({ signal }) {
    yield { event: 'begun', data: {} };
    yield* silence(signal);
  });
  const response = await open(console);
  await readUntil(response, /begun/);
  const closed = closeOf(response);
  await console.close();
  await closed;
  await untilEnded(console, 'stopping');
});

test('a stream whose source ends is over, and one whose source fails says so first', async (t) => {
  const ending = await startStream(t, async function* () {
    yield { event: 'last', data: {} };
  });
  assert.match(await readUntil(await open(ending), /never/), /last/);
  await untilEnded(ending, 'ended');
  const failure = Promise.withResolvers<undefined>();
  const failing = await startStream(t, async function* () {
    yield { event: 'begun', data: {} };
    await failure.promise;
    throw new Error('on purpose');
  });
  const response = await open(failing);
  await readUntil(response, /begun/);
  failure.resolve(undefined);
  const last = await readUntil(response, /never/);
  assert.match(last, /^retry: 15000\nevent: problem\ndata: \{.*"code":"console\.internal".*\}\n\n$/);
  assert.ok(!last.includes('on purpose'));
  await untilEnded(failing, 'failed');
});

test('an id that would begin another field is a defect of the route', () => {
  assert.throws(() => eventText({ id: 'a\ndata: b', event: 'row', data: {} }), TypeError);
  assert.throws(() => eventText({ event: 'a\r', data: {} }), TypeError);
});

/** A connection that is cut off is an error first. */
function closeOf(response: IncomingMessage): Promise<void> {
  return new Promise((resolve) => response.once('close', resolve));
}

async function untilEnded(console: TestConsole, reason: string): Promise<void> {
  for (;;) {
    const text = await console.metrics();
    if (text.includes(`console_ended_streams_total{reason="${reason}"} 1`)) {
      assert.match(text, /console_open_streams\{route="\/events"\} 0/);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
