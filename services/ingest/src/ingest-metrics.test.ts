import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders, topicsFor } from '@astrolabe/records';
import { createMetrics } from '@astrolabe/service-kit';
import { createIngestMetrics, createOversizeRecordsCounter } from './ingest-metrics.ts';

test('a cause that is known begins at 0, so that its first count is an increase', async () => {
  const metrics = createMetrics({ service: 'ingest' });
  const ingest = createIngestMetrics(metrics, { heldBytes: 10, maxBytes: 100 });
  createOversizeRecordsCounter(metrics, topicsFor());
  const text = await metrics.registry.metrics();
  for (const begun of [
    'ingest_refused_requests_total{code="ingest.overloaded"} 0',
    'ingest_refused_requests_total{code="kafka.unavailable"} 0',
    'ingest_dead_letters_total{code="event.invalid"} 0',
    'ingest_oversize_records_total{topic="segment.events.v1"} 0',
    'ingest_closed_connections_total{reason="refused"} 0',
    'ingest_in_flight_bytes 10',
    'ingest_in_flight_max_bytes 100',
  ]) {
    assert.ok(text.includes(`${begun}\n`), begun);
  }
  ingest.requestRefused('ingest.overloaded');
  ingest.deadLettersStored([{ headers: toHeaders({ 'dlq.code': 'event.invalid' }) }]);
  const after = await metrics.registry.metrics();
  assert.ok(after.includes('ingest_refused_requests_total{code="ingest.overloaded"} 1\n'));
  assert.ok(after.includes('ingest_dead_letters_total{code="event.invalid"} 1\n'));
});
