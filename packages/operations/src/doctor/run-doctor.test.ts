import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startReferenceApi } from '@astrolabe/reference-api';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import type { Finding } from './core/finding.ts';
import type { RegistryInspector } from './registry-inspector.ts';
import { runDoctor, type DoctorOptions, type PipelineSettings } from './run-doctor.ts';

const goodRegistry: RegistryInspector = {
  commandIds: async () => new Map([['UpsertUser', 1]]),
  compatibilityOf: async (subject) => ({ subject, level: 'BACKWARD_TRANSITIVE', url: 'http://registry' }),
  clockSkewMs: async () => 0,
};

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  t.after(() => rm(folder, { recursive: true }));
  const api = await startReferenceApi({ apiKeys: [{ connector: 'acme', key: 'good' }] });
  t.after(() => api.close());
  const connectorsFile = join(folder, 'connectors.json');
  const connector = { id: 'acme', name: 'Acme', apiKey: { env: 'ACME_KEY' } };
  await writeFile(connectorsFile, JSON.stringify({ connectors: [connector] }));
  const cluster = createInMemoryCluster();
  const settings: PipelineSettings = {
    brokers: ['broker-1:9092'],
    registryUrl: 'http://us3r:hunter2@registry',
    groups: { mapper: 'mapper', dispatcher: 'dispatcher' },
    replicationFactor: 3,
    ledgerWindowMs: 48 * 3_600_000,
    openCluster: async () => ({ ...cluster, close: async () => undefined }),
    registry: goodRegistry,
    commandTopic: cluster.topics.commands.name,
  };
  const examine = async (over: Partial<DoctorOptions> = {}): Promise<Finding[]> => {
    const findings: Finding[] = [];
    await runDoctor({
      pipeline: { kind: 'valid', ...settings },
      connectors: { kind: 'valid', connectorsFile, apiUrl: api.url, variables: { ACME_KEY: 'good' } },
      ledger: { kind: 'valid', directory: folder },
      workingDirectory: folder,
      clock: createSteppingClock(),
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.kind === 'finding') findings.push(event.finding);
      },
      ...over,
    });
    return findings;
  };
  return { cluster, settings, connectorsFile, api, examine };
}

/** Of the machine that the test runs on nothing can be expected. */
const wrong = (findings: readonly Finding[]) =>
  findings.filter(({ level, about }) => level !== 'ok' && about !== 'disk' && about !== 'delivery ledger');

test('a pipeline that is in order has no problem, and no finding shows a password', async (t) => {
  const { examine } = await setUp(t);
  const findings = await examine();
  assert.deepEqual(wrong(findings), []);
  const abouts = findings.map(({ about }) => about);
  for (const about of [
    'configuration',
    'brokers',
    'broker versions',
    'mapper',
    'dispatcher',
    'registry',
    'connector acme',
  ]) {
    assert.ok(abouts.includes(about), about);
  }
  assert.doesNotMatch(JSON.stringify(findings), /hunter2/);
});

test('each thing that is wrong is a finding with its remedy', async (t) => {
  const { cluster, settings, connectorsFile, api, examine } = await setUp(t);
  const { segmentEvents, segmentEventsDeadLetters, commands } = cluster.topics;
  cluster.existing.delete(segmentEventsDeadLetters.name);
  const registry: RegistryInspector = {
    ...goodRegistry,
    commandIds: () =>
      Promise.reject(new PipelineError('registry.schema-missing', 'none', { retryable: true, details: {} })),
  };
  const missing = await examine({
    pipeline: { kind: 'valid', ...settings, registry },
    connectors: { kind: 'valid', connectorsFile, apiUrl: api.url, variables: { ACME_KEY: 'bad' } },
  });
  assert.deepEqual(
    wrong(missing).map(({ about, remedy }) => [about, remedy]),
    [
      [`topic ${segmentEventsDeadLetters.name}`, 'astrolabe topics apply --execute'],
      ['registry', 'astrolabe schemas apply --execute'],
      ['connector acme', 'astrolabe connectors rotate-key acme'],
    ],
  );

  const other = await setUp(t);
  other.cluster.commit('dispatcher', commands.name, 0, { topicId: other.cluster.topicIdOf(commands.name) });
  other.cluster.recreate(commands.name);
  await other.cluster.log.send(segmentEvents.name, [
    { key: null, value: Buffer.from('{}'), headers: {}, partition: 1 },
  ]);
  other.cluster.hold(segmentEvents.name, 1, 0n);
  const [mapper, dispatcher, ...others] = wrong(await other.examine());
  assert.match(mapper?.fact ?? '', /\[1\] is held by a transaction since offset 0/);
  assert.match(dispatcher?.fact ?? '', /was deleted and created again/);
  assert.deepEqual(others, []);
});

test('a part that cannot be examined is a finding, and the others are examined all the same', async (t) => {
  const { settings, examine } = await setUp(t);
  const away = new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true });
  const openCluster = () => Promise.reject(away);
  const findings = await examine({
    pipeline: { kind: 'valid', ...settings, openCluster },
    connectors: { kind: 'invalid', message: 'CONNECTORS_FILE is not set' },
  });
  assert.deepEqual(
    wrong(findings).map(({ level, about, fact }) => [level, about, fact]),
    [
      ['problem', 'brokers', 'no broker answers'],
      ['problem', 'connectors', 'CONNECTORS_FILE is not set'],
    ],
  );
  assert.ok(findings.some(({ about }) => about === 'registry'));
  const [configuration, ...rest] = await examine({
    pipeline: { kind: 'invalid', message: 'KAFKA_BROKERS is not set' },
  });
  assert.deepEqual([configuration?.level, configuration?.fact], ['problem', 'KAFKA_BROKERS is not set']);
  assert.ok(rest.some(({ about }) => about === 'connector acme'));
  const ofLedger = (findings: readonly Finding[]) => findings.filter(({ about }) => about === 'delivery ledger').length;
  assert.equal(ofLedger(await examine({ ledger: undefined })), ofLedger(await examine()) - 1);
});
