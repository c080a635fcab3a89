import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '@astrolabe/operations';
import { startReferenceApi } from '@astrolabe/reference-api';
import { commandSchemas, subjectFor } from '@astrolabe/schemas/avro';
import { systemClock } from '@astrolabe/service-kit/clock';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster } from '../testing/test-cluster.ts';

test('the doctor reports what is wrong with its remedy, and is satisfied once that is done', async (t) => {
  const cluster = await startTestCluster(t, 'doctor');
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  t.after(() => rm(folder, { recursive: true }));
  const api = await startReferenceApi({ apiKeys: [{ connector: 'acme', key: 'good' }] });
  t.after(() => api.close());
  const path = join(folder, 'connectors.json');
  const write = (key: string) =>
    writeFile(path, JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: key }] }));
  const env = {
    ...cluster.env,
    CONNECTORS_FILE: path,
    DISPATCHER_API_URL: api.url,
    DISPATCHER_LEDGER_DIRECTORY: folder,
  };
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
  assert.match(well.stdout, /broker versions: Kafka 4\.\d/);
  assert.match(well.stdout, /ok {4}registry compatibility: BACKWARD_TRANSITIVE for all 5 subjects/);
  assert.match(well.stdout, /ok {4}delivery ledger: knows deliveries of the last 2 d; retention of commands 7 d/);
  assert.match(well.stdout, /ok {4}clock: no record is more than 5 s ahead/);
  assert.match(well.stdout, /\n0 problems, \d warnings?, \d+ ok\.\n$/);
});

test('the doctor sees a window longer than its topic, an unguarded schema and a record from the future', async (t) => {
  const { env, producer, topics } = await startTestCluster(t, 'doctor-window');
  await runAstrolabe(['schemas', 'apply', '--execute'], env);
  const subject = subjectFor(topics.commands.name, commandSchemas.UpsertUser.fullName);
  const answer = await fetch(`${env['SCHEMA_REGISTRY_URL']}/config/${subject}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"compatibility":"NONE"}',
  });
  assert.equal(answer.status, 200);
  await producer.send(topics.segmentEvents.name, [{ key: null, value: Buffer.from('{}'), headers: {} }]);
  // Seen from a machine whose clock is an hour behind.
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() - 3_600_000 };
  const ill = await runAstrolabe(['doctor', '--json'], { ...env, DISPATCHER_LEDGER_WINDOW_HOURS: '96' }, { clock });
  const problems = jsonLines<Finding>(ill).filter(({ level }) => level === 'problem');
  for (const [about, remedy] of [
    [
      'delivery ledger',
      `kafka-configs.sh --bootstrap-server BROKER --alter --topic ${topics.deliveries.name} --add-config retention.ms=345600000`,
    ],
    [`registry subject ${subject}`, `/config/${subject}`],
    ['clock', 'timedatectl status'],
  ] as const) {
    assert.ok(
      problems.some((each) => each.about === about && each.remedy?.includes(remedy)),
      `${about} in ${ill.stdout}`,
    );
  }
});

test('without brokers the doctor still examines the rest', async () => {
  const env = {
    KAFKA_BROKERS: '127.0.0.1:1',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    CONNECTORS_FILE: '/nowhere/connectors.json',
    DISPATCHER_LEDGER_DIRECTORY: '/nowhere/ledger',
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
      'ok delivery ledger',
      ill.stdout.includes('"ok","about":"disk"') ? 'ok disk' : 'warning disk',
    ],
  );
  assert.equal((await runAstrolabe(['doctor'], {})).exitCode, 1);
});
