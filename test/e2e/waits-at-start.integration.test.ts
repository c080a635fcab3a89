/**
 * The broker or the registry away at start: the services wait with growing pauses and say what for; they neither crash
 * nor dead-letter what waits on the topics, and deliver it once the way is free.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  createKafkaAdmin,
  createKafkaConnection,
  createRecordProducer,
  createSchemaRegistry,
  readTopic,
} from '@astrolabe/kafka';
import { headerNames, toHeaders, topicsFor } from '@astrolabe/records';
import { startReferenceApi } from '@astrolabe/reference-api';
import { createLogger } from '@astrolabe/service-kit';
import {
  eventually,
  spawnService,
  startFaultProxy,
  uniqueName,
  type FaultProxy,
  type ServiceProcess,
} from '@astrolabe/testkit';
import { commandSchemasIn } from '@astrolabe/records/serde';

const KEY = 'waits-at-start-key';
const CONNECTOR = 'acme';
const brokers = process.env['KAFKA_BROKERS'] ?? '';
const registryUrl = new URL(process.env['SCHEMA_REGISTRY_URL'] ?? 'http://registry.invalid');
const logger = createLogger({ name: 'test', level: 'silent' });

test('a service whose broker or registry is away at start waits, says what for, and loses nothing', async (t) => {
  const prefix = `${uniqueName('waits')}.`;
  const topics = topicsFor(prefix);
  const connection = createKafkaConnection({ brokers: brokers.split(','), clientId: prefix, logger });
  const admin = await createKafkaAdmin(connection);
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  await commandSchemasIn(createSchemaRegistry({ url: registryUrl.href })).apply(topics.commands.name);
  t.after(async () => {
    await admin.deleteTopics(Object.values(topics).map(({ name }) => name));
    await admin.close();
  });
  const producer = await createRecordProducer({ connection, logger });
  await producer.send(topics.segmentEvents.name, [
    {
      key: Buffer.from('["acme","user","u1"]'),
      value: Buffer.from('{"type":"identify","userId":"u1","messageId":"m1","traits":{"plan":"pro"}}'),
      headers: toHeaders({
        [headerNames.connectorId]: CONNECTOR,
        [headerNames.messageId]: 'm1',
        [headerNames.receivedAt]: '2026-11-24T10:00:00.000Z',
      }),
    },
  ]);
  await producer.close();

  const api = await startReferenceApi({ apiKeys: [{ connector: CONNECTOR, key: KEY }] });
  t.after(() => api.close());
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-waits-'));
  t.after(() => rm(folder, { recursive: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors: [{ id: CONNECTOR, name: 'Acme', apiKey: KEY }] }));

  const [brokerHost = '', brokerPort = ''] = brokers.split(',')[0]?.split(':') ?? [];
  const broker = await cutProxy(t, brokerHost, Number(brokerPort));
  const registry = await cutProxy(t, registryUrl.hostname, Number(registryUrl.port));
  const env = {
    KAFKA_BROKERS: broker.address,
    KAFKA_TOPIC_PREFIX: prefix,
    SCHEMA_REGISTRY_URL: `http://${registry.address}${registryUrl.pathname}`,
  };
  const startWaiting = stoppedTogether(t);
  const mapper = startWaiting('mapper', { ...env, CONNECTORS_FILE: connectorsFile });
  const dispatcher = startWaiting('dispatcher', {
    ...env,
    CONNECTORS_FILE: connectorsFile,
    DISPATCHER_API_URL: api.url,
    DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger'),
  });
  const ingest = startWaiting('ingest', {
    KAFKA_BROKERS: broker.address,
    KAFKA_TOPIC_PREFIX: prefix,
    CONNECTORS_FILE: connectorsFile,
    INGEST_PORT: '0',
    INGEST_DRAIN_MS: '0',
  });

  for (const service of [mapper, dispatcher, ingest]) {
    const waits = await eventually(() => waitsFor(service.lines, 'Kafka', 2), {
      timeoutMs: 30_000,
      describe: `${service.name} to have waited for Kafka twice`,
    });
    assert.ok(
      waits.every(({ reason, pauseMs }) => typeof pauseMs === 'number' && String(reason).length > 0),
      'each pause has a length and a reason',
    );
  }
  broker.resume();
  await ingest.ready;
  await dispatcher.ready;
  await eventually(() => waitsFor(mapper.lines, 'the schema registry', 2), {
    timeoutMs: 30_000,
    describe: 'the mapper to have waited for the registry twice',
  });
  registry.resume();
  await mapper.ready;

  const user = await eventually(
    async () => {
      const answer = await fetch(`${api.url}/v1/users/u1`, { headers: { authorization: `Bearer ${KEY}` } });
      return answer.status === 200 ? ((await answer.json()) as { properties: unknown }) : undefined;
    },
    { timeoutMs: 30_000, describe: 'the event that waited on the topic to be delivered' },
  );
  assert.deepEqual(user.properties, { plan: 'pro' });
  for (const topic of [topics.segmentEventsDeadLetters.name, topics.commandsDeadLetters.name]) {
    assert.equal(await readTopic({ connection, topic }, () => undefined), 0, `${topic} is empty`);
  }
});

interface WaitingService {
  readonly name: string;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly ready: Promise<ServiceProcess>;
}

/**
 * Starts services: each is running when the call returns, not ready yet. They are stopped together at the end, so that
 * one that does not stop is told and keeps no other one running.
 */
function stoppedTogether(t: TestContext) {
  const started: Promise<ServiceProcess>[] = [];
  t.after(async () => {
    const stops = await Promise.allSettled(
      // One that did not start is killed already, and has failed the test where that was awaited.
      started.map(async (ready) => (await ready.catch(() => undefined))?.stop()),
    );
    for (const stop of stops) if (stop.status === 'rejected') throw stop.reason;
  });
  return (name: string, env: Readonly<Record<string, string>>): WaitingService => {
    const lines: Record<string, unknown>[] = [];
    const ready = spawnService({
      name,
      entry: new URL(`../../services/${name}/src/main.ts`, import.meta.url),
      env,
      readyTimeoutMs: 90_000,
      onLine: (line) => {
        if (line.startsWith('{')) lines.push(JSON.parse(line) as Record<string, unknown>);
      },
    });
    // Awaited later; a failure before that must not end the test as an unhandled rejection.
    ready.catch(() => undefined);
    started.push(ready);
    return { name, lines, ready };
  };
}

function waitsFor(lines: WaitingService['lines'], what: string, count: number) {
  const waits = lines.filter(({ msg }) => typeof msg === 'string' && msg.startsWith(`waiting for ${what}`));
  return waits.length >= count ? waits : undefined;
}

async function cutProxy(t: TestContext, host: string, port: number): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ target: { host, port } });
  proxy.cut();
  t.after(() => proxy.close());
  return proxy;
}
