import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import { eventually, startOtlpReceiver } from '@astrolabe/testkit';
import { exporterSettings } from '../exporter-settings.ts';
import type { DropReason, SpanCounters } from '../span-counters.ts';
import { tracingRules, tracingVariables, type TracingConfig } from '../tracing-config.ts';
import { startOtelTracing } from './otel-tracing.ts';

const definition = defineConfig<TracingConfig>(tracingVariables, { rules: tracingRules });
const parent = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'vendor=1' };
const unsampled = { traceparent: `${parent.traceparent.slice(0, 53)}00`, tracestate: undefined };
const root = { name: 'work', kind: 'server', parent: undefined, attributes: {} } as const;
const TIMEOUT_MS = 10_000;

async function start(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const config = readConfig(definition, {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '1',
    ...env,
  });
  const counts = { exported: 0, dropped: new Map<DropReason, number>() };
  const counters: SpanCounters = {
    exported: (spans) => void (counts.exported += spans),
    dropped: (reason, spans) => void counts.dropped.set(reason, (counts.dropped.get(reason) ?? 0) + spans),
  };
  const exporter = exporterSettings(config);
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'test', level: 'warn', destination });
  const tracing = await startOtelTracing({ service: 'ingest', config, exporter, counters, logger });
  t.after(() => tracing.close(0));
  return { receiver, tracing, counts, lines };
}

test('a span arrives at the collector with its trace, its links and its process', async (t) => {
  const { receiver, tracing, counts } = await start(t, {
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-token=secret',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  });
  const links = Array.from({ length: 200 }, () => parent);
  const attributes = { 'http.route': '/v1/batch', 'http.response.status_code': 503, left: undefined };
  const span = tracing.startSpan({ name: 'POST /v1/batch', kind: 'server', parent, links, attributes });
  span.fail('503');
  span.end();
  await receiver.until((spans) => spans.length === 1);
  const [received] = receiver.spans;
  assert.ok(received !== undefined);
  const { traceId, spanId, parentSpanId, traceState, name, kind, status, resource } = received;
  assert.equal(span.context.traceparent, `00-${traceId}-${spanId}-01`);
  assert.equal(span.context.tracestate, 'vendor=1');
  assert.equal(parent.traceparent, `00-${traceId}-${parentSpanId}-01`);
  assert.deepEqual([name, kind, status, traceState], ['POST /v1/batch', 'server', 'error', 'vendor=1']);
  const expected = { 'http.route': '/v1/batch', 'http.response.status_code': 503, 'error.type': '503' };
  assert.deepEqual(received.attributes, expected);
  assert.equal(received.links.length, 128);
  assert.equal(resource['service.name'], 'astrolabe-ingest');
  assert.equal(resource['deployment.environment.name'], 'test');
  assert.equal(typeof resource['service.instance.id'], 'string');
  assert.equal(receiver.requests[0]?.['x-token'], 'secret');
  await eventually(() => counts.exported === 1, { timeoutMs: TIMEOUT_MS, describe: 'the span to be counted' });
});

test('a trace that its sender does not record is passed on and not exported', async (t) => {
  const { tracing, counts, receiver } = await start(t);
  const span = tracing.startSpan({ ...root, parent: unsampled });
  assert.equal(span.context.traceparent.slice(0, 36), unsampled.traceparent.slice(0, 36));
  assert.equal(span.context.traceparent.slice(53), '00');
  span.end();
  await tracing.close(TIMEOUT_MS);
  assert.deepEqual([receiver.spans, counts.exported, counts.dropped.get('stopped')], [[], 0, 0]);
});

const samplers: Readonly<Record<string, readonly [boolean, boolean]>> = {
  always_on: [true, true],
  always_off: [false, false],
  parentbased_always_on: [true, true],
  parentbased_always_off: [false, true],
  traceidratio: [false, false],
  parentbased_traceidratio: [false, true],
};
for (const [name, expected] of Object.entries(samplers)) {
  test(`${name} with a ratio of 0 decides on a root and on the child of a recorded span as OpenTelemetry has it`, async (t) => {
    const { tracing } = await start(t, { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0' });
    const started = [root, { ...root, parent }].map((each) => tracing.startSpan(each));
    assert.deepEqual(
      started.map(({ context }) => context.traceparent.endsWith('01')),
      expected,
    );
  });
}

test('what a collector refuses is dropped, counted and logged, and the next spans are exported', async (t) => {
  const { receiver, tracing, counts, lines } = await start(t);
  receiver.answerWith(400);
  tracing.startSpan(root).end();
  await eventually(() => counts.dropped.get('export-failed') === 1, {
    timeoutMs: TIMEOUT_MS,
    describe: 'the refused span to be counted',
  });
  assert.match(lines.join(''), /"code":"tracing.export-failed"/);
  receiver.answerWith(200);
  tracing.startSpan(root).end();
  await receiver.until((spans) => spans.length === 1);
});

test('no more spans wait than OTEL_BSP_MAX_QUEUE_SIZE: the others are dropped and counted', async (t) => {
  const sizes = { OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10' };
  const { receiver, tracing, counts } = await start(t, { ...sizes, OTEL_BSP_SCHEDULE_DELAY: '600000' });
  // Ten go out at once, and are not answered; ten wait.
  receiver.answerWith(0);
  for (let span = 0; span < 25; span += 1) tracing.startSpan(root).end();
  assert.equal(counts.dropped.get('queue-full'), 5);
});

test('a stop exports what has ended', async (t) => {
  const { receiver, tracing, counts } = await start(t, { OTEL_BSP_SCHEDULE_DELAY: '600000' });
  for (let span = 0; span < 700; span += 1) tracing.startSpan(root).end();
  await tracing.close(TIMEOUT_MS);
  assert.deepEqual([receiver.spans.length, counts.exported, counts.dropped.get('stopped')], [700, 700, 0]);
});

test('a stop does not wait for a collector that does not answer: what is left is counted', async (t) => {
  const { receiver, tracing, counts } = await start(t, { OTEL_BSP_SCHEDULE_DELAY: '600000' });
  receiver.answerWith(0);
  for (let span = 0; span < 3; span += 1) tracing.startSpan(root).end();
  await tracing.close(1);
  tracing.startSpan(root).end();
  assert.deepEqual([counts.exported, counts.dropped.get('stopped')], [0, 4]);
});

test('a file of the exporter that cannot be read is a fault of the configuration', async (t) => {
  await assert.rejects(start(t, { OTEL_EXPORTER_OTLP_CERTIFICATE: '/no/such/file.pem' }), { code: 'config.invalid' });
});
