import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL, casesOf } from './sizes.ts';

const options = { entries: 100, users: 10, connectors: 50, partitions: [6, 24], factors: false };

test('each service has a case for each number of partitions, with everything grown that it has', () => {
  assert.deepEqual(
    casesOf(options).map(({ name }) => name),
    ['mapper-all-6', 'mapper-all-24', 'dispatcher-all-6', 'dispatcher-all-24'],
  );
  assert.deepEqual(casesOf(options)[1]?.sizes, { entries: 0, users: 10, connectors: 50, partitions: 24 });
  assert.deepEqual(casesOf(options)[2]?.sizes, { entries: 100, users: 0, connectors: 50, partitions: 6 });
});

test('where it is asked for, each grows by itself too', () => {
  const dispatcher = casesOf({ ...options, factors: true }).filter(({ service }) => service === 'dispatcher');
  assert.deepEqual(
    dispatcher.slice(2).map(({ name, sizes }) => [name, sizes]),
    [
      ['dispatcher-entries', { ...SMALL, entries: 100 }],
      ['dispatcher-connectors', { ...SMALL, connectors: 50 }],
      ['dispatcher-partitions-24', { ...SMALL, partitions: 24 }],
    ],
  );
});
