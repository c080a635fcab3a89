import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '@astrolabe/service-kit';
import { dispatcherConfig } from '../config.ts';
import { createLimiterPolicies } from './limiter-policy.ts';

const required = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081',
  DISPATCHER_API_URL: 'http://127.0.0.1:3200',
};

function policiesOf(env: Readonly<Record<string, string>> = {}) {
  return createLimiterPolicies(readConfig(dispatcherConfig, { ...required, ...env }));
}

test("a connector's own settings take the place of the process's, one by one", () => {
  const policyOf = policiesOf({ DISPATCHER_CALLS_PER_SECOND: '50', DISPATCHER_BULK: 'true' });
  const plain = policyOf(undefined);
  assert.deepEqual(plain.concurrency, { floor: 4, initial: 64, ceiling: 256 });
  assert.deepEqual([plain.callsPerSecond, plain.bulk?.maxCommands], [50, 100]);
  assert.deepEqual(policyOf({}), plain);
  assert.deepEqual(policyOf({ callsPerSecond: 7 }), { ...plain, callsPerSecond: 7 });
  assert.deepEqual(policyOf({ callsPerSecond: 0 }), { ...plain, callsPerSecond: 0 }, 'unlimited though others are not');
  assert.deepEqual(policyOf({ bulk: false }), { ...plain, bulk: undefined });
  assert.deepEqual(policiesOf()({ bulk: true }).bulk, plain.bulk);
});

test('a connector that may have fewer calls than the floor has no more at the least either', () => {
  const { concurrency } = policiesOf()({ maxConcurrentCalls: 2 });
  assert.deepEqual(concurrency, { floor: 2, initial: 2, ceiling: 2 });
});
