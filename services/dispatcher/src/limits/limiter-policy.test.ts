import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '@astrolabe/service-kit';
import { dispatcherConfig } from '../config.ts';
import { NO_SHARE } from '../core/share/partition-share.ts';
import { createLimiterPolicies, type LimiterPolicy } from './limiter-policy.ts';
import type { InstanceShares } from './settled-shares.ts';

const required = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081',
  DISPATCHER_API_URL: 'http://127.0.0.1:3200',
};

const everything: InstanceShares = { rate: { owned: 6, total: 6 }, calls: { owned: 6, total: 6 } };

function policiesOf(env: Readonly<Record<string, string>> = {}, shares = everything) {
  const policyOf = createLimiterPolicies(readConfig(dispatcherConfig, { ...required, ...env }));
  return (settings: Parameters<typeof policyOf>[0]): LimiterPolicy => policyOf(settings, shares);
}

test("a connector's own settings take the place of the process's, one by one", () => {
  const policyOf = policiesOf({ DISPATCHER_CALLS_PER_SECOND: '50', DISPATCHER_BULK: 'true' });
  const plain = policyOf(undefined);
  assert.deepEqual(plain.concurrency, { floor: 4, initial: 64, ceiling: 256 });
  assert.deepEqual([plain.callsPerSecond, plain.bulk?.maxCommands], [50, 100]);
  assert.deepEqual(policyOf({}), plain);
  assert.deepEqual(policyOf({ callsPerSecond: 7 }), { ...plain, callsPerSecond: 7 });
  assert.deepEqual(
    policyOf({ callsPerSecond: 0 }),
    { ...plain, callsPerSecond: undefined },
    'unlimited though others are not',
  );
  assert.deepEqual(policyOf({ bulk: false }), { ...plain, bulk: undefined });
  assert.deepEqual(policiesOf()({ bulk: true }).bulk, plain.bulk);
});

test('a connector that may have fewer calls than the floor has no more at the least either', () => {
  const { concurrency } = policiesOf()({ maxConcurrentCalls: 2 });
  assert.deepEqual(concurrency, { floor: 2, initial: 2, ceiling: 2 });
});

test("an instance takes its share of what holds for a connector over all instances, and all of what is the process's", () => {
  const third = { owned: 2, total: 6 };
  const policyOf = policiesOf({ DISPATCHER_CALLS_PER_SECOND: '50' }, { rate: third, calls: third });
  assert.deepEqual(policyOf({}).concurrency, { floor: 4, initial: 64, ceiling: 256 });
  assert.equal(policyOf({}).callsPerSecond, 16);
  assert.equal(policyOf({ callsPerSecond: 9 }).callsPerSecond, 3);
  assert.deepEqual(policyOf({ maxConcurrentCalls: 9 }).concurrency, { floor: 3, initial: 3, ceiling: 3 });
});

test('without a share no call is made, and what was learnt of the API is kept', () => {
  const some = { owned: 2, total: 6 };
  const settings = { maxConcurrentCalls: 9, callsPerSecond: 5 };
  const nothing = policiesOf({}, { rate: NO_SHARE, calls: NO_SHARE })(settings);
  assert.deepEqual([nothing.mayCall, nothing.concurrency.ceiling], [false, 9]);
  const early = policiesOf({}, { rate: NO_SHARE, calls: some });
  assert.equal(early(settings).mayCall, false, 'others may have used the second up');
  assert.equal(early({}).mayCall, true, 'without a rate there is nothing to wait for');
});
