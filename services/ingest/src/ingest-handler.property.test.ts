import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyEventLike, anyJson, anyJsonText } from '@astrolabe/segment/testing';
import { partnerEndpoint, trackingEndpoints, webhookEndpoint, type Endpoint } from './core/request/endpoints.ts';
import { createInMemoryEventSink } from './event-sink.ts';
import { createFairness } from './fairness.ts';
import { createIngestHandler } from './ingest-handler.ts';
import {
  API_KEY,
  basicAuth,
  createRecordingMetrics,
  createTestReader,
  sendTo,
  silentLogger,
  testConnectors,
  unlimited,
} from './testing.ts';

const authorization = basicAuth(`${API_KEY}:`);
const endpoints: readonly Endpoint[] = [...trackingEndpoints.values(), partnerEndpoint, webhookEndpoint];
const connectors = testConnectors();

async function handle(endpoint: Endpoint, text: string) {
  const sink = createInMemoryEventSink();
  const verdicts: string[] = [];
  const metrics = createRecordingMetrics();
  const handler = createIngestHandler({
    connectors: () => connectors,
    sink,
    fairness: createFairness(unlimited),
    reader: createTestReader(),
    metrics: {
      ...metrics,
      eventsJudged: (_connector, _type, verdict, count) => void verdicts.push(...Array<string>(count).fill(verdict)),
    },
    logger: silentLogger,
    nowMs: () => Date.UTC(2026, 2, 1, 10),
  });
  const webhook = endpoint.kind === 'webhook' ? { connectorId: 'acme', signature: undefined } : undefined;
  const { answer } = await sendTo(handler, { endpoint, authorization, webhook }, Buffer.from(text));
  return { answer, sink, verdicts, body: JSON.parse(answer.body) as { success: boolean; rejected?: unknown[] } };
}

const eventText = fc.oneof(
  anyEventLike().map((event) => JSON.stringify(event)),
  anyJson().map((value) => JSON.stringify(value)),
  anyJsonText(),
);

test('any JSON at any path is answered, and each event in it has one verdict and at most one record', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...endpoints), eventText, async (endpoint, text) => {
      const { answer, sink, verdicts } = await handle(endpoint, text);
      assert.ok([200, 400, 501].includes(answer.status), String(answer.status));
      const stored = sink.events.length + sink.deadLetters.length;
      assert.equal(verdicts.length, answer.status === 501 ? 1 : stored);
      assert.equal(verdicts.filter((verdict) => verdict === 'rejected').length, sink.deadLetters.length);
    }),
    { numRuns: 1000 },
  );
});

test('each event of any batch is either stored, or named in the answer and dead-lettered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(eventText, { maxLength: 6 }), fc.boolean(), async (items, isWebhook) => {
      const list = `[${items.join(',')}]`;
      const batch = trackingEndpoints.get('batch') ?? assert.fail();
      const { answer, sink, verdicts, body } = isWebhook
        ? await handle(webhookEndpoint, list)
        : await handle(batch, `{"batch":${list}}`);
      assert.equal(answer.status, 200);
      assert.equal(verdicts.length, items.length);
      assert.equal(sink.events.length + sink.deadLetters.length, items.length);
      assert.equal((body.rejected ?? []).length, sink.deadLetters.length);
      for (const { value } of [...sink.events, ...sink.deadLetters]) JSON.parse(value?.toString('utf8') ?? '');
    }),
    { numRuns: 500 },
  );
});
