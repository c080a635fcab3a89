import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionLimits, type ConnectionSettings } from './connection-limits.ts';

type Case = readonly [
  settings: Partial<ConnectionSettings>,
  descriptors: number | undefined,
  all: number,
  one: number | undefined,
];

const cases: Readonly<Record<string, Case>> = {
  'as many as configured, half of them from one client': [{}, 1_000_000, 10_000, 5_000],
  'as many as configured where the system sets no bound': [{}, undefined, 10_000, 5_000],
  'fewer than there are descriptors': [{}, 1_024, 944, 472],
  'some at least, however few descriptors there are': [{}, 64, 16, 8],
  'as many from one client as configured': [{ maxConnectionsPerClient: 100 }, 1_024, 944, 100],
  'any number from a trusted proxy': [{ trustedProxies: 1, maxConnectionsPerClient: 100 }, 1_024, 944, undefined],
};

for (const [name, [settings, descriptors, all, one]] of Object.entries(cases)) {
  test(`connections are bounded to ${name}`, () => {
    const defaults = { maxConnections: 10_000, maxConnectionsPerClient: undefined, trustedProxies: 0 };
    assert.deepEqual(connectionLimits({ ...defaults, ...settings }, descriptors), {
      maxConnections: all,
      maxConnectionsPerClient: one,
    });
  });
}
