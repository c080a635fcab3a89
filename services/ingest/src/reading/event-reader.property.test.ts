import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyEventLike, anyJson, anyJsonText } from '@astrolabe/segment/testing';
import { partnerEndpoint, trackingEndpoints, webhookEndpoint, type Endpoint } from '../core/request/endpoints.ts';
import { createInMemoryEventSink } from '../event-sink.ts';
import { createFairness } from '../fairness.ts';
import { createIngestHandler } from '../ingest-handler.ts';
import {
  API_KEY,
  WRITE_KEY,
  basicAuth,
  createRecordingMetrics,
  createTestReader,
  sendTo,
  silentLogger,
  testConnectors,
  toText,
  unlimited,
} from '../testing.ts';

const endpoints: readonly Endpoint[] = [...trackingEndpoints.values(), partnerEndpoint, webhookEndpoint];
const connectors = testConnectors();
const signature = 'a'.repeat(40);

async function outcome(isReadInline: boolean, endpoint: Endpoint, authorization: string | undefined, body: Buffer) {
  const sink = createInMemoryEventSink();
  const metrics = createRecordingMetrics();
  let ids = 0;
  const handler = createIngestHandler({
    connectors: () => connectors,
    sink,
    fairness: createFairness({ ...unlimited, defaultLimit: { eventsPerSecond: 1, burst: 3 } }),
    reader: createTestReader({ newMessageId: () => `new-${(ids += 1)}`, isReadInline: () => isReadInline }),
    metrics,
    logger: silentLogger,
    nowMs: () => Date.UTC(2026, 2, 1, 10),
  });
  const webhook = endpoint.kind === 'webhook' ? { connectorId: 'acme', signature } : undefined;
  const handled = await sendTo(handler, { endpoint, authorization, webhook }, body);
  const [events, deadLetters] = [sink.events.map(toText), sink.deadLetters.map(toText)];
  const counted = metrics.log.filter((line) => !line.startsWith('acknowledged'));
  return { handled, events, deadLetters, counted };
}

const event = fc.oneof(anyEventLike(), anyJson());
const text = fc.oneof(
  event.map((value) => JSON.stringify(value)),
  fc
    .array(event, { maxLength: 5 })
    .map((batch) => JSON.stringify({ batch, writeKey: WRITE_KEY, context: { ip: '::' } })),
  fc.array(event, { maxLength: 3 }).map((items) => JSON.stringify(items)),
  anyJsonText(),
);
const body = fc.oneof(
  text.map((each) => Buffer.from(each)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);
const authorization = fc.constantFrom(basicAuth(`${API_KEY}:`), basicAuth(`${WRITE_KEY}:`), undefined);

test('a body has the same answer, records and counts whether it is read inline or in the thread', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...endpoints), authorization, body, async (endpoint, key, bytes) => {
      assert.deepEqual(await outcome(false, endpoint, key, bytes), await outcome(true, endpoint, key, bytes));
    }),
    { numRuns: 300 },
  );
});
