import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { eventually } from '@astrolabe/testkit';
import { createRecordedTracing } from '@astrolabe/tracing/in-memory';
import { startTestServer } from '../test-server.ts';
import { toText } from '../testing.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const tracestate = 'vendor=1';
const event = { type: 'track', userId: 'jane', event: 'Signed Up', messageId: 'm1' };

test("a request with events is a span of its sender's trace, and its records carry it", async (t) => {
  const tracing = createRecordedTracing();
  const { post, sink } = await startTestServer(t, {}, Date.now, tracing);
  const { status } = await post('/v1/batch', { batch: [event] }, { traceparent, tracestate });
  assert.equal(status, 200);
  const [span] = tracing.spans;
  await eventually(() => span?.isEnded, { timeoutMs: 10_000, describe: 'the span to end, when the answer is sent' });
  assert.deepEqual([span?.name, span?.kind], ['POST /v1/batch', 'server']);
  assert.deepEqual(span?.parent, { traceparent, tracestate });
  const { headers } = toText(sink.events[0]);
  assert.deepEqual([headers['traceparent'], headers['tracestate']], [span.context.traceparent, tracestate]);
  const { 'http.response.status_code': answered, 'http.route': route } = span.attributes;
  assert.deepEqual([answered, route, span.attributes['astrolabe.connector.id']], [200, '/v1/batch', 'acme']);
});

test('a request without a trace begins one', async (t) => {
  const tracing = createRecordedTracing();
  const { post, sink } = await startTestServer(t, {}, Date.now, tracing);
  await post('/v1/track', event, { traceparent: 'hello' });
  assert.equal(tracing.spans[0]?.parent, undefined);
  assert.equal(toText(sink.events[0]).headers['traceparent'], tracing.spans[0]?.context.traceparent);
});

test('a request that ingest fails at fails its span; one that its sender got wrong does not', async (t) => {
  const tracing = createRecordedTracing();
  const { post, sink } = await startTestServer(t, {}, Date.now, tracing);
  await post('/v1/batch', '{');
  sink.failWith(new PipelineError('kafka.unavailable', 'no broker', { retryable: true }));
  await post('/v1/track', event);
  await eventually(() => tracing.spans.every(({ isEnded }) => isEnded), {
    timeoutMs: 10_000,
    describe: 'both spans to end, which they do when the answer is sent',
  });
  assert.deepEqual(
    tracing.spans.map(({ errorType, attributes }) => [errorType, attributes['http.response.status_code']]),
    [
      [undefined, 400],
      ['503', 503],
    ],
  );
});

test('attributes name neither keys nor users nor anything that a sender wrote', async (t) => {
  const tracing = createRecordedTracing();
  const { post, url } = await startTestServer(t, {}, Date.now, tracing);
  await post('/v1/track', event);
  const data = Buffer.from(JSON.stringify({ ...event, writeKey: 'write-acme' })).toString('base64');
  await (await fetch(`${url}/v1/pixel/track?data=${data}`)).arrayBuffer();
  assert.equal(tracing.spans.length, 2);
  const told = JSON.stringify(tracing.spans.map(({ name, attributes }) => [name, attributes]));
  for (const secret of ['jane', 'Signed', 'm1', 'key-acme', 'write-acme', data, '127.0.0.1']) {
    assert.ok(!told.includes(secret), secret);
  }
});

test('without tracing the traceparent is stored as it came, and nothing else of the trace', async (t) => {
  const { post, sink } = await startTestServer(t);
  await post('/v1/track', event, { traceparent, tracestate });
  await post('/v1/track', event, { tracestate });
  const [sent, untraced] = sink.events.map((record) => toText(record).headers);
  assert.deepEqual([sent?.['traceparent'], sent?.['tracestate']], [traceparent, undefined]);
  assert.deepEqual([untraced?.['traceparent'], untraced?.['tracestate']], [undefined, undefined]);
});
