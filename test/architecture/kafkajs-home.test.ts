/** kafkajs lives behind packages/kafka, and what that keeps for packages/processing goes no further. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTestCode, readSources } from './source-files.ts';

const sources = readSources();

test('kafkajs is imported in packages/kafka, packages/testkit and the baselines of the bench only', () => {
  const homes = ['packages/kafka/', 'packages/testkit/', 'bench/src/baselines/'];
  const breaches = sources
    .filter(({ path }) => !homes.some((home) => path.startsWith(home)))
    .filter(({ imports }) => imports.some((name) => /^@?kafkajs(\/|$)/.test(name)))
    .map(({ path }) => path);
  assert.deepEqual(breaches, []);
});

test('the inside of the Kafka client is imported in packages/processing and by tests only', () => {
  const breaches = sources
    .filter((file) => !file.path.startsWith('packages/processing/') && !isTestCode(file))
    .filter(({ imports }) => imports.includes('@astrolabe/kafka/internal'))
    .map(({ path }) => path);
  assert.deepEqual(breaches, []);
});
