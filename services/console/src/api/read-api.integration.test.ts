/** Every read of the console on the whole pipeline: real brokers, a real registry, and the services' own metrics. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import { openDataFolder, startPipeline, type Pipeline } from '@astrolabe/local-pipeline';
import { createRegistryInspector, openCluster } from '@astrolabe/operations';
import { topicsFor } from '@astrolabe/records';
import { createCommandDecoder } from '@astrolabe/records/serde';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { eventually, uniqueName } from '@astrolabe/testkit';
import { fetchMetrics, resolveInstances } from '../read/metrics/fetch-metrics.ts';
import { openReads } from '../read/open-reads.ts';
import { showAll } from '../read/payload/payload.ts';
import type { ConnectorAnswer } from '../read/shapes/connectors.ts';
import type { DeadLetterAnswer, DeadLetterGroupsAnswer, DeadLetterRecordsAnswer } from '../read/shapes/dead-letters.ts';
import type { LiveRow } from '../read/shapes/live.ts';
import type { Overview } from '../read/shapes/overview.ts';
import type { TrailAnswer } from '../read/shapes/trail.ts';
import { createClusterSource } from '../read/sources/cluster-source.ts';
import { askRoutes } from '../read/testing/ask-routes.ts';
import { readRoutes } from './read-routes.ts';

const TIMEOUT_MS = 60_000;
const BIG = '9223372036854775807';

async function startAll(t: TestContext) {
  const folder = await openDataFolder(undefined);
  const topicPrefix = `${uniqueName('console-read')}.`;
  const starting = startPipeline({ folder, env: process.env, topicPrefix });
  t.after(async () => {
    const started = await starting.catch(() => undefined);
    await started?.close();
    folder.remove();
  });
  const pipeline = await starting;
  const { addresses, groups } = pipeline;
  const env = {
    KAFKA_BROKERS: addresses.kafka,
    KAFKA_TOPIC_PREFIX: topicPrefix,
    SCHEMA_REGISTRY_URL: addresses.schemaRegistry,
  };
  const config = readConfig(defineConfig({ ...configSections.kafka, ...configSections.schemaRegistry }), env);
  const logger = createLogger({ name: 'console-read-test', level: 'silent' });
  const ending = new AbortController();
  const open = () => openCluster({ config, logger, signal: ending.signal, clientName: 'console' });
  const clusters = createClusterSource({ clock: systemClock, open });
  const topics = topicsFor(topicPrefix);
  const registry = createRegistryInspector(config, systemClock);
  const topicSettings = { replicationFactor: 1, ledgerWindowMs: 48 * 3_600_000 };
  const reads = openReads({
    clusters,
    topics,
    groups,
    topicSettings,
    registry,
    decoder: createCommandDecoder(schemaRegistryFromConfig(config)),
    doctor: {
      pipeline: {
        kind: 'valid',
        brokers: config.kafkaBrokers,
        registryUrl: config.schemaRegistryUrl,
        groups,
        ...topicSettings,
        openCluster: open,
        registry,
        commandTopic: topics.commands.name,
      },
      connectors: {
        kind: 'valid',
        connectorsFile: folder.connectorsFile,
        apiUrl: addresses.astrolabe,
        variables: process.env,
      },
      ledger: { kind: 'valid', directory: folder.path },
      workingDirectory: folder.path,
    },
    connectorsFile: folder.connectorsFile,
    variables: process.env,
    serviceUrls: Object.values(addresses.metrics).map((url) => url.replace(/\/metrics$/, '')),
    metricsSource: { resolve: resolveInstances, fetch: fetchMetrics },
    mask: showAll,
    clock: systemClock,
    logger,
    random: Math.random,
    processId: 'p1',
  });
  t.after(async () => {
    await reads.close();
    await clusters.close();
  });
  return { pipeline, reads, ask: askRoutes(readRoutes(() => reads).flat()) };
}

async function send({ addresses }: Pipeline, events: readonly object[]): Promise<void> {
  const response = await fetch(`${addresses.ingest}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // Without rounding what JSON.stringify cannot write.
    body: JSON.stringify({ batch: events, writeKey: addresses.apiKey }).replaceAll('"BIG"', BIG),
  });
  assert.equal(response.status, 200, await response.text());
}

test('every read of the console tells what the pipeline did', async (t) => {
  const { pipeline, ask } = await startAll(t);
  const { addresses, connector } = pipeline;
  const until = <Value>(describe: string, look: () => Promise<Value | undefined>): Promise<Value> =>
    eventually(look, { timeoutMs: TIMEOUT_MS, describe });
  await until('the first answers of the services', async () => {
    const { funnel } = await ask.json<Overview>('/overview', {}, { period: '5m' });
    return funnel.kind === 'ready' ? funnel : undefined;
  });

  const leaving = new AbortController();
  const rows: LiveRow[] = [];
  const stream = await ask.stream('/live/stream', {}, leaving.signal);
  const isReading = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const { data } of stream) {
      if ('rows' in data) rows.push(...(data.rows as LiveRow[]));
      else if (!JSON.stringify(data).includes('starting')) isReading.resolve();
    }
  })();
  await isReading.promise;

  const faults = `${addresses.astrolabe}/__reference/faults`;
  await send(pipeline, [
    { type: 'identify', userId: 'u1', messageId: 'm-identify', traits: { big: 'BIG', html: '<img onerror=x>' } },
    { type: 'track', userId: 'u1', event: 'Signed Up', messageId: 'm-track', properties: {} },
    { type: 'page', userId: 'u1', messageId: 'm-page', name: 'Home' },
  ]);
  await until('the rows of what was sent', async () =>
    rows.some(({ outcome }) => outcome === 'delivered') ? true : undefined,
  );
  const scripted = await fetch(faults, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults: [{ kind: 'status', status: 400 }] }),
  });
  assert.equal(scripted.status, 200);
  await send(pipeline, [{ type: 'track', userId: 'u2', event: 'Refused', messageId: 'm-refused', properties: {} }]);

  const groups = await until('the dead letter', async () => {
    const found = await ask.json<DeadLetterGroupsAnswer>('/dead-letters');
    return found.waiting > 0 && found.index.state === 'following' ? found : undefined;
  });
  assert.deepEqual(
    groups.groups.map(({ code, connector: of, waiting, cause }) => [code, of, waiting, cause?.whoActs]),
    [['api.rejected', connector.id, 1, 'customer']],
  );
  const page = await ask.json<DeadLetterRecordsAnswer>('/dead-letters/records', {}, { connector: connector.id });
  const [place] = page.records;
  assert.ok(place !== undefined);
  const dead = await ask.json<DeadLetterAnswer>('/dead-letters/:topic/:partition/:offset', {
    topic: place.source,
    partition: `${place.partition}`,
    offset: place.offset,
  });
  assert.deepEqual([dead.messageId, dead.request?.path, dead.state], ['m-refused', '/v1/events', 'waiting']);

  const trail = await ask.json<TrailAnswer>('/trail/:kind/:id', { kind: 'message', id: 'm-identify' });
  const roles = trail.hops.map(({ role }) => role);
  assert.deepEqual([...new Set(roles)], ['event', 'command', 'delivery']);
  const stored = trail.hops[0]?.stored;
  assert.ok(stored?.kind === 'text' && stored.text.includes(`"big":${BIG}`) && stored.text.includes('<img onerror=x>'));
  const command = trail.hops.find(({ role }) => role === 'command');
  assert.equal(command?.ledger?.outcome, 'delivered');
  assert.match(JSON.stringify(command.request), new RegExp(BIG));
  const byUser = await ask.json<TrailAnswer>(
    '/trail/:kind/:id',
    { kind: 'user', id: 'u1' },
    { connector: connector.id },
  );
  assert.ok(byUser.hops.filter(({ role }) => role === 'event').length === 3);

  const overview = await until('the counts of what was sent', async () => {
    const found = await ask.json<Overview>('/overview', {}, { period: '5m' });
    const now = found.funnel.kind === 'ready' ? found.funnel.value.now : undefined;
    const isDone = now?.events.received === 4 && now.commands.dead === 1;
    return isDone && found.waiting.kind === 'ready' && found.findings.kind === 'ready' ? { ...found, now } : undefined;
  });
  const { events, commands } = overview.now;
  assert.deepEqual([events.rejected, events.skipped, events.mapped, events.dead], [0, 1, 3, 0]);
  assert.equal(events.skippedBy.length, 1);
  assert.equal(commands.made, commands.delivered + commands.duplicate + commands.dead);
  assert.deepEqual(commands.deadBy, [{ reason: 'api.rejected', count: 1 }]);
  assert.ok(overview.freshness.kind === 'ready' && overview.freshness.value.deliveries === commands.delivered);
  assert.deepEqual(
    overview.instances.kind === 'ready' && overview.instances.value.instances.map(({ service }) => service),
    ['ingest', 'mapper', 'dispatcher'],
  );

  const own = await ask.json<ConnectorAnswer>('/connectors/:id', { id: connector.id });
  assert.ok(own.settings.kind === 'ready' && own.settings.value.apiKey.kind === 'known');
  assert.ok(own.delivery.kind === 'ready' && own.delivery.value.circuit === 'closed');
  assert.doesNotMatch(JSON.stringify(own), new RegExp(addresses.apiKey));
  await until('the history of lag', async () => {
    const { points } = await ask.json<{ points: unknown[] }>('/lag/history', {}, { service: 'mapper' });
    return points.length > 0 ? true : undefined;
  });
  for (const path of ['/lag', '/replays', '/topics', '/schemas', '/doctor', '/connectors'])
    await until(`${path} to be ready`, async () => {
      const answer = await ask.json<Record<string, { kind: string }>>(path);
      return Object.values(answer).every(({ kind }) => kind === 'ready') ? true : undefined;
    });
  assert.match(JSON.stringify(await ask.json('/schemas')), /"isInOrder":true/);

  leaving.abort();
  await watching;
  assert.deepEqual([...new Set(rows.map(({ topic }) => topic))].toSorted(), [
    'commands',
    'dead-letters',
    'deliveries',
    'events',
  ]);
  const identify = rows.find(({ messageId, topic }) => messageId === 'm-identify' && topic === 'commands');
  assert.match(JSON.stringify(identify?.payload), new RegExp(BIG));
});
