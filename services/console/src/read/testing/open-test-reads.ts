/** All reads on in-memory fakes, with a clock that a test moves. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RegistryInspector } from '@astrolabe/operations';
import { createLogger } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { readRoutes } from '../../api/read-routes.ts';
import { openReads, type OpenReadsOptions } from '../open-reads.ts';
import { showAll } from '../payload/payload.ts';
import { askRoutes } from './ask-routes.ts';
import { createCountedCluster } from './counted-cluster.ts';
import { AT_MS, CommandBytes } from './records.ts';

const connectors = {
  connectors: [
    {
      id: 'acme',
      name: 'Acme',
      apiKey: 'key-of-acme',
      writeKeys: ['write-key-of-acme'],
      delivery: { callsPerSecond: 7 },
    },
    { id: 'beta', name: 'Beta', apiKey: { env: 'BETA_KEY' }, enabled: false },
  ],
};

export async function openTestReads(t: TestContext, over: Partial<OpenReadsOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'console-reads-'));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify(connectors));
  const counted = createCountedCluster({ partitions: 2, nowMs: () => AT_MS });
  const clock = createManualClock(AT_MS);
  const bytes = new CommandBytes();
  const samples = new Map<string, Record<string, number>>();
  const registry: RegistryInspector = {
    commandIds: async () => {
      throw new PipelineError('registry.schema-missing', 'not registered', {
        retryable: true,
        details: { missing: ['astrolabe.commands.v1-astrolabe.commands.v1.UpsertUser'], registered: { TrackEvent: 7 } },
      });
    },
    compatibilityOf: async (subject) => ({ subject, level: 'BACKWARD_TRANSITIVE', url: 'http://registry' }),
    clockSkewMs: async () => 0,
  };
  const reads = openReads({
    clusters: counted.clusters,
    topics: counted.cluster.topics,
    groups: { mapper: 'mapper', dispatcher: 'dispatcher' },
    topicSettings: { replicationFactor: 3, ledgerWindowMs: 48 * 3_600_000 },
    registry,
    decoder: bytes.decoder(),
    doctor: {
      pipeline: { kind: 'invalid', message: 'KAFKA_BROKERS is not set' },
      connectors: { kind: 'invalid', message: 'CONNECTORS_FILE is not set' },
      ledger: { kind: 'valid', directory: folder },
      workingDirectory: folder,
    },
    connectorsFile,
    variables: {},
    serviceUrls: ['http://dispatcher'],
    metricsSource: {
      resolve: async (url) => [url],
      fetch: async (url) => {
        const found = samples.get(url);
        if (found === undefined) throw new Error('connection refused');
        return new Map(Object.entries(found));
      },
    },
    mask: showAll,
    clock,
    logger: createLogger({ name: 'console', level: 'silent' }),
    random: () => 0,
    processId: 'p1',
    ...over,
  });
  t.after(async () => {
    await reads.close();
    await rm(folder, { recursive: true });
  });
  const routes = readRoutes(() => reads).flat();
  return { ...counted, clock, bytes, samples, reads, routes, get: askRoutes(routes).ask, folder };
}
