import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startReferenceApi } from '@astrolabe/reference-api';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster } from '../testing/test-cluster.ts';
import type { Finding } from './finding.ts';

test('the doctor names what is amiss with its remedy, and is content once that is done', async (t) => {
  const cluster = await startTestCluster(t, 'doctor');
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  t.after(() => rm(folder, { recursive: true }));
  const api = await startReferenceApi({ apiKeys: [{ connector: 'acme', key: 'good' }] });
  t.after(() => api.close());
  const path = join(folder, 'connectors.json');
  const write = (key: string) =>
    writeFile(path, JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: key }] }));
  const env = { ...cluster.env, CONNECTORS_FILE: path, DISPATCHER_API_URL: api.url };
  await write('bad');
  const ill = await runAstrolabe(['doctor', '--json'], env);
  assert.equal(ill.exitCode, 1, ill.stderr);
  const problems = jsonLines<Finding>(ill).filter(({ level }) => level === 'problem');
  assert.deepEqual(
    problems.map(({ about, remedy }) => [about, remedy]),
    [
      ['registry', 'astrolabe schemas apply --execute'],
      ['connector acme', 'astrolabe connectors rotate-key acme'],
    ],
  );
  await write('good');
  await runAstrolabe(['schemas', 'apply', '--execute'], env);
  const well = await runAstrolabe(['doctor'], env);
  assert.equal(well.exitCode, 0, well.stdout);
  assert.match(well.stdout, /ok {4}registry: has all 5 command schemas/);
  assert.match(well.stdout, /\n0 problems, \d warnings, \d+ in order\.\n$/);
});

test('without brokers the doctor still looks at the rest', async () => {
  const env = {
    KAFKA_BROKERS: '127.0.0.1:1',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    CONNECTORS_FILE: '/nowhere/connectors.json',
  };
  const ill = await runAstrolabe(['doctor', '--json'], env);
  assert.equal(ill.exitCode, 1);
  assert.deepEqual(
    jsonLines<Finding>(ill).map(({ level, about }) => `${level} ${about}`),
    [
      'ok configuration',
      'problem brokers',
      'problem registry',
      'problem connectors',
      ill.stdout.includes('"ok","about":"disk"') ? 'ok disk' : 'warning disk',
    ],
  );
  assert.equal((await runAstrolabe(['doctor'], {})).exitCode, 1);
});
