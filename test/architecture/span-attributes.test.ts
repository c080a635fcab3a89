/** Names of attributes are contracts with those who look at traces: ours are told from OpenTelemetry's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { readSources } from './source-files.ts';

test('attributes of spans have names of the semantic conventions, or begin with astrolabe', () => {
  const known = new Set<unknown>([...Object.values(stable), ...Object.values(incubating)]);
  const names = readSources()
    .filter(({ path, text, isTest }) => !isTest && text.includes('startSpan(') && !path.startsWith('test/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/'([a-z]+(?:\.[a-z_]+)+)'/g)].map(([, name = '']) => ({ path, name })),
    )
    .filter(({ name }) => !/^(kafka\.unavailable|astrolabe\..+)$/.test(name));
  assert.ok(names.length > 20, `only ${names.length} names were found`);
  assert.deepEqual(
    names.filter(({ name }) => !known.has(name)),
    [],
  );
});
