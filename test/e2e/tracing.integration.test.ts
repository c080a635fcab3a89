/** Tracing through all three services, at a collector and at the API. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { eventually, startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '@astrolabe/testkit';
import { operate } from './operator.ts';
import { startTestPipeline } from './test-pipeline.ts';

const TIMEOUT_MS = 60_000;

interface ApiCall {
  readonly user: string;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** An API that refuses what it is told to, and remembers by which trace it was called. */
async function startApi(t: TestContext) {
  const calls: ApiCall[] = [];
  const refusedUsers = new Set<string>();
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const user = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
      const { traceparent, tracestate } = request.headers;
      calls.push({ user, traceparent: traceparent?.toString(), tracestate: tracestate?.toString() });
      response.writeHead(refusedUsers.has(user) ? 400 : 200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const callsFor = (user: string, count = 1): Promise<readonly ApiCall[]> =>
    eventually(
      () => {
        const found = calls.filter((call) => call.user === user);
        return found.length >= count ? found : undefined;
      },
      { timeoutMs: TIMEOUT_MS, describe: `${count} calls for ${user}` },
    );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refusedUsers, callsFor };
}

async function start(t: TestContext) {
  const receiver = await startOtlpReceiver();
  const api = await startApi(t);
  const tracing = {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
  const pipeline = await startTestPipeline(t, 'tracing', { ...tracing, DISPATCHER_API_URL: api.url }, () => ({
    ingest: tracing,
    mapper: tracing,
  }));
  // Last, so that the services can say what they have until they have stopped.
  t.after(() => receiver.close());
  return { receiver, api, pipeline };
}

async function identify({ addresses }: Pipeline, user: string, headers: Readonly<Record<string, string>>) {
  const event = { type: 'identify', userId: user, messageId: `m-${user}`, traits: { plan: 'secret-plan' } };
  const response = await fetch(`${addresses.ingest}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ batch: [event], writeKey: addresses.apiKey }),
  });
  assert.equal(response.status, 200);
}

const sentBy = (trace: number, flags = '01') => `00-${String(trace).padStart(32, '4')}-00f067aa0ba902b7-${flags}`;
const traceOf = (traceparent: string | undefined) => traceparent?.slice(3, 35) ?? '';
const spanOf = (traceparent: string | undefined) => traceparent?.slice(36, 52) ?? '';

/** Waits for the span that the API was told of, and for those before it in its trace. */
async function pathTo(receiver: OtlpReceiver, traceparent: string | undefined): Promise<readonly ReceivedSpan[]> {
  const inTrace = () => receiver.spans.filter(({ traceId }) => traceId === traceOf(traceparent));
  const path = () => {
    const found: ReceivedSpan[] = [];
    for (let id = spanOf(traceparent); ;) {
      const span = inTrace().find(({ spanId }) => spanId === id);
      if (span === undefined) return found;
      found.unshift(span);
      id = span.parentSpanId;
    }
  };
  const isWhole = (): boolean => path().length === inTrace().length && path().length > 0;
  await eventually(isWhole, {
    timeoutMs: TIMEOUT_MS,
    describe: `the trace of ${traceparent ?? 'no call'} to be whole`,
  });
  return path();
}

const shown = (path: readonly ReceivedSpan[]) =>
  path.map(({ kind, name, resource }) => `${String(resource['service.name'])}: ${kind} ${name}`);

test('a trace goes from the HTTP request to the API call; what is sent again begins another, with a link to it', async (t) => {
  const { receiver, api, pipeline } = await start(t);
  const { topics, addresses } = pipeline;
  const process = `process ${topics.segmentEvents.name}`;
  const call = 'astrolabe-dispatcher: client PUT /v1/users/{userId}';
  const whole = [
    'astrolabe-ingest: server POST /v1/batch',
    `astrolabe-ingest: producer send ${topics.segmentEvents.name}`,
    `astrolabe-mapper: consumer ${process}`,
    call,
  ];

  await t.test('a sampled request is one trace, across both topics', async () => {
    await identify(pipeline, 'user-ada', { traceparent: sentBy(1), tracestate: 'vendor=1' });
    const [called] = await api.callsFor('user-ada');
    assert.deepEqual([traceOf(called?.traceparent), called?.tracestate], [traceOf(sentBy(1)), 'vendor=1']);
    const path = await eventually(
      async () => {
        const found = await pathTo(receiver, called?.traceparent);
        return found.length === whole.length ? found : undefined;
      },
      { timeoutMs: TIMEOUT_MS, describe: 'all spans to arrive' },
    );
    assert.deepEqual(shown(path), whole);
    assert.equal(path[0]?.parentSpanId, spanOf(sentBy(1)));
    const batch = receiver.spans.find(({ name, parentSpanId }) => name === process && parentSpanId === '');
    assert.deepEqual(batch?.links, [{ traceId: path[1]?.traceId, spanId: path[1]?.spanId }]);
    const told = JSON.stringify(receiver.spans.map(({ name, attributes, resource }) => [name, attributes, resource]));
    for (const secret of ['user-ada', 'secret-plan', addresses.apiKey]) assert.ok(!told.includes(secret), secret);
  });

  await t.test('a request that is not sampled costs no span, and the API hears of its trace', async () => {
    await identify(pipeline, 'bob', { traceparent: sentBy(2, '00') });
    const [called] = await api.callsFor('bob');
    assert.equal(traceOf(called?.traceparent), traceOf(sentBy(2)));
    assert.ok(called?.traceparent?.endsWith('-00'));
    // What comes after it has arrived by then, and so would have what was before.
    await identify(pipeline, 'cleo', { traceparent: sentBy(3) });
    await pathTo(receiver, (await api.callsFor('cleo'))[0]?.traceparent);
    assert.deepEqual(
      receiver.spans.filter(({ traceId }) => traceId === traceOf(sentBy(2))),
      [],
    );
  });

  await t.test('a redriven command', async () => {
    api.refusedUsers.add('dan');
    await identify(pipeline, 'dan', { traceparent: sentBy(4) });
    await api.callsFor('dan');
    api.refusedUsers.clear();
    await eventually(async () => (await operate<{ waiting: number }>(pipeline, 'dlq', 'list')).waiting === 1, {
      timeoutMs: TIMEOUT_MS,
      describe: 'the dead letter',
    });
    await operate(pipeline, 'dlq', 'redrive', '--code', 'api.rejected', '--execute');
    const [, again] = await api.callsFor('dan', 2);
    const path = await pathTo(receiver, again?.traceparent);
    assert.deepEqual(shown(path), [call]);
    assert.deepEqual(
      path[0]?.links.map(({ traceId }) => traceId),
      [traceOf(sentBy(4))],
    );
  });

  await t.test('a replayed event', async () => {
    const user = ['--user', 'user-ada', '--connector', addresses.connector];
    await operate(pipeline, 'replay', 'events', '--all', ...user, '--force', '--yes', '--id', 'again');
    const [, again] = await api.callsFor('user-ada', 2);
    const path = await pathTo(receiver, again?.traceparent);
    assert.deepEqual(shown(path), [`astrolabe-mapper: consumer ${process}`, call]);
    assert.equal(path[0]?.links[0]?.traceId, traceOf(sentBy(1)));
    assert.equal(path[0].attributes['astrolabe.replay.id'], 'again');
  });
});
