import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { ingestConfig } from './config.ts';

const minimal = { KAFKA_BROKERS: 'localhost:9092' };

function problemsOf(env: Record<string, string>): string {
  try {
    readConfig(ingestConfig, env);
  } catch (error) {
    if (isPipelineError(error, 'config.invalid')) return error.message;
    throw error;
  }
  return assert.fail('the configuration was accepted');
}

test('only the brokers are required', () => {
  const { host, port, maxBodyBytes, maxInflatedBytes, maxInFlightBytes, produceTimeoutMs, trustedProxies } = readConfig(
    ingestConfig,
    minimal,
  );
  assert.deepEqual(
    { host, port, maxBodyBytes, maxInflatedBytes, maxInFlightBytes, produceTimeoutMs, trustedProxies },
    {
      host: '127.0.0.1',
      port: 3100,
      maxBodyBytes: 786_432,
      maxInflatedBytes: 786_432,
      maxInFlightBytes: 67_108_864,
      produceTimeoutMs: 10_000,
      trustedProxies: 0,
    },
  );
});

test('a misspelt variable is a problem, with the right name as a hint', () => {
  const message = problemsOf({ ...minimal, INGEST_MAX_BODY_BITES: '1000' });
  assert.match(message, /INGEST_MAX_BODY_BITES/);
  assert.match(message, /INGEST_MAX_BODY_BYTES/);
});

test('a budget too small for the largest request is a problem', () => {
  const message = problemsOf({ ...minimal, INGEST_MAX_IN_FLIGHT_BYTES: '1000000' });
  assert.match(message, /INGEST_MAX_IN_FLIGHT_BYTES.*or the largest request is never taken/s);
  const withShared = 2 * 786_432 + 16_777_216;
  assert.match(problemsOf({ ...minimal, INGEST_MAX_IN_FLIGHT_BYTES: String(withShared - 1) }), /never taken/);
  const fitting = readConfig(ingestConfig, { ...minimal, INGEST_MAX_IN_FLIGHT_BYTES: String(withShared) });
  assert.equal(fitting.maxInFlightBytes, withShared);
});

test('the default budget holds the largest request that can be configured', () => {
  const largest = { INGEST_MAX_BODY_BYTES: '16777216', INGEST_MAX_INFLATED_BYTES: '16777216' };
  assert.equal(readConfig(ingestConfig, { ...minimal, ...largest }).maxBodyBytes, 16_777_216);
});

test('the limit of a body can be raised beyond a Kafka record, with room in flight for it', () => {
  const raised = { INGEST_MAX_BODY_BYTES: '4000000', INGEST_MAX_INFLATED_BYTES: '4000000' };
  assert.equal(readConfig(ingestConfig, { ...minimal, ...raised }).maxBodyBytes, 4_000_000);
  const narrow = problemsOf({ ...minimal, ...raised, INGEST_MAX_IN_FLIGHT_BYTES: '7000000' });
  assert.match(narrow, /INGEST_MAX_IN_FLIGHT_BYTES.*or the largest request is never taken/s);
  assert.match(problemsOf({ ...minimal, INGEST_MAX_BODY_BYTES: '4000000' }), /at least INGEST_MAX_BODY_BYTES/);
  assert.match(problemsOf({ ...minimal, INGEST_MAX_INFLATED_BYTES: '20000000' }), /from 1024 to 16777216/);
});

test('a public URL has only scheme, host, port and path', () => {
  const url = (text: string) => ({ ...minimal, INGEST_PUBLIC_URL: text });
  assert.equal(readConfig(ingestConfig, url('https://e.example/collect/')).publicUrl, 'https://e.example/collect');
  for (const text of ['https://u:p@e.example', 'https://e.example/?a', 'https://e.example/#a']) {
    assert.match(problemsOf(url(text)), /without user, password, query and fragment/);
  }
  assert.match(problemsOf(url('events.example.com')), /an http or https URL/);
});

test('each connector has a limit by default, and 0 removes it', () => {
  const { connectorEventsPerSecond, connectorBurstEvents } = readConfig(ingestConfig, minimal);
  assert.deepEqual([connectorEventsPerSecond, connectorBurstEvents], [10_000, 50_000]);
  const lifted = readConfig(ingestConfig, { ...minimal, INGEST_CONNECTOR_EVENTS_PER_SECOND: '0' });
  assert.equal(lifted.connectorEventsPerSecond, 0);
  assert.match(problemsOf({ ...minimal, INGEST_CONNECTOR_BURST_EVENTS: '0' }), /from 1 to 1000000/);
});
