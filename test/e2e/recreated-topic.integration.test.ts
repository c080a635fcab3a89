/**
 * A topic that is deleted and created again begins at offset 0. Positions of the topic before must not skip its
 * records: the service stops and says what to type, be it down meanwhile or running.
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
import { toHeaders, topicsFor, type OutgoingRecord, type TopicDefinition } from '@astrolabe/records';
import { commandSchemasIn, createCommandEncoder } from '@astrolabe/records/serde';
import { startReferenceApi } from '@astrolabe/reference-api';
import { createLogger } from '@astrolabe/service-kit';
import { eventually, spawnService, uniqueName, type ServiceProcess } from '@astrolabe/testkit';
import { runAstrolabe } from '../../cli/src/testing/run-astrolabe.ts';

const KEY = 'recreated-topic-key';
const FORMER_EVENTS = 40;
/** More than the topic before had, so that a position of it is in range of the new one. */
const NEW_EVENTS = 100;
const logger = createLogger({ name: 'recreated', level: 'silent' });

async function createBed(t: TestContext) {
  const kafkaBrokers = process.env['KAFKA_BROKERS'] ?? '';
  const schemaRegistryUrl = process.env['SCHEMA_REGISTRY_URL'] ?? '';
  const prefix = `${uniqueName('recreated')}.`;
  const topics = topicsFor(prefix, 1);
  const connection = createKafkaConnection({ brokers: kafkaBrokers.split(','), clientId: prefix, logger });
  const admin = await createKafkaAdmin(connection);
  const create = async (definitions: readonly TopicDefinition[]) =>
    admin.applyTopics(await admin.planTopics(definitions, 1));
  await create(Object.values(topics));
  const registry = commandSchemasIn(createSchemaRegistry({ url: schemaRegistryUrl }));
  await registry.apply(topics.commands.name);
  const encoder = createCommandEncoder(await registry.commandIds(topics.commands.name));
  const api = await startReferenceApi({ apiKeys: [{ connector: 'acme', key: KEY }] });
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-recreated-'));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: KEY }] }));
  const running = new Set<ServiceProcess>();
  t.after(async () => {
    for (const service of running) await service.stop();
    await api.close();
    await rm(folder, { recursive: true });
    await admin.deleteTopics(Object.values(topics).map(({ name }) => name));
    await admin.close();
  });
  const env = { KAFKA_BROKERS: kafkaBrokers, KAFKA_TOPIC_PREFIX: prefix, SCHEMA_REGISTRY_URL: schemaRegistryUrl };
  return {
    topics,
    admin,
    api,
    encoder,
    prefix,
    env,
    start: async (name: 'mapper' | 'dispatcher'): Promise<ServiceProcess> => {
      const entry = new URL(`../../services/${name}/src/main.ts`, import.meta.url);
      const own = { DISPATCHER_API_URL: api.url, DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger') };
      const service = await spawnService({
        name,
        entry,
        env: { ...env, CONNECTORS_FILE: connectorsFile, ...(name === 'dispatcher' ? own : {}) },
      });
      running.add(service);
      void service.exited.then(() => running.delete(service));
      return service;
    },
    send: async (topic: string, records: readonly OutgoingRecord[]) => {
      const producer = await createRecordProducer({ connection, logger });
      await producer.send(topic, records);
      await producer.close();
    },
    recreate: async (topic: TopicDefinition) => {
      await admin.deleteTopics([topic.name]);
      // The brokers delete in their own time.
      await eventually(async () => (await admin.planTopics([topic], 1)).create.length === 1, {
        timeoutMs: 30_000,
        describe: 'the topic to be gone',
      });
      await create([topic]);
    },
    committed: async (group: string, topic: string) => (await admin.commits(prefix + group, topic)).get(0),
    count: async (topic: string) => readTopic({ connection, topic }, () => undefined),
  };
}

const eventOf = (name: string): OutgoingRecord => ({
  key: Buffer.from(`["acme","user","${name}"]`),
  value: Buffer.from(JSON.stringify({ type: 'identify', userId: name, messageId: name, traits: { plan: 'pro' } })),
  headers: toHeaders({ 'connector-id': 'acme', 'message-id': name, 'received-at': '2026-11-24T10:00:00.000Z' }),
});
const eventsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => eventOf(`${name}${index}`));

/** The last line of a service that a fault has ended. */
async function faultOf(service: ServiceProcess) {
  assert.equal((await service.exited).code, 1);
  const fatal = service.records().find(({ level }) => level === 'fatal');
  return fatal?.['err'] as { readonly code: string; readonly message: string } | undefined;
}

test('the mapper does not go on in an events topic that was created again while it was down', async (t) => {
  const bed = await createBed(t);
  const { name } = bed.topics.segmentEvents;
  await bed.send(name, eventsOf('former', FORMER_EVENTS));
  const first = await bed.start('mapper');
  await eventually(async () => (await bed.committed('astrolabe.mapper', name))?.nextOffset === BigInt(FORMER_EVENTS), {
    timeoutMs: 30_000,
    describe: 'the former events to be mapped',
  });
  await first.stop();
  await bed.recreate(bed.topics.segmentEvents);
  await bed.send(name, eventsOf('new', NEW_EVENTS));

  const second = await bed.start('mapper');
  const fault = await faultOf(second);
  assert.equal(fault?.code, 'kafka.topic-recreated');
  const group = `${bed.prefix}astrolabe.mapper`;
  assert.match(fault.message, new RegExp(`--group ${group} --topic ${name} --reset-offsets --to-earliest --execute`));
  assert.equal(await bed.count(bed.topics.commands.name), FORMER_EVENTS, 'nothing was mapped meanwhile');

  const lag = await runAstrolabe(['lag', '--interval', '100ms'], bed.env);
  assert.match(lag.stdout, /mapper.*was deleted and created again/);
  const doctor = await runAstrolabe(['doctor'], bed.env);
  assert.match(doctor.stdout, /FAIL {2}mapper: .*was deleted and created again/);

  // What the message says to type.
  await bed.admin.setOffsets(group, name, new Map([[0, 0n]]));
  await bed.start('mapper');
  await eventually(async () => (await bed.count(bed.topics.commands.name)) === FORMER_EVENTS + NEW_EVENTS, {
    timeoutMs: 30_000,
    describe: 'every event of the new topic to be mapped',
  });
});

test('the mapper stops when its events topic is created again under it, and commits nothing for the new one', async (t) => {
  const bed = await createBed(t);
  const { name } = bed.topics.segmentEvents;
  await bed.send(name, eventsOf('former', FORMER_EVENTS));
  const mapper = await bed.start('mapper');
  await eventually(async () => (await bed.committed('astrolabe.mapper', name))?.nextOffset === BigInt(FORMER_EVENTS), {
    timeoutMs: 30_000,
    describe: 'the former events to be mapped',
  });
  await bed.recreate(bed.topics.segmentEvents);
  await bed.send(name, eventsOf('new', NEW_EVENTS));
  const fault = await faultOf(mapper);
  assert.ok(fault?.code === 'kafka.topic-recreated' || fault?.code === 'kafka.offset-out-of-range', fault?.message);
  assert.equal(await bed.committed('astrolabe.mapper', name), undefined);
  assert.equal((await faultOf(await bed.start('mapper')))?.code, 'kafka.topic-recreated');
});

const commandsOf = (bed: Awaited<ReturnType<typeof createBed>>, name: string, count: number) =>
  Array.from({ length: count }, (_, index): OutgoingRecord => {
    const commandId = Buffer.from(`${name}${index}`.padEnd(16, '-')).toString('hex').slice(0, 32);
    const userId = `${name}${index}`;
    const atMs = Date.UTC(2026, 10, 24, 10);
    const common = { commandId, connectorId: 'acme', messageId: userId, occurredAt: atMs, receivedAt: atMs };
    return {
      key: Buffer.from(`["acme","user","${userId}"]`),
      value: bed.encoder.encode({ kind: 'UpsertUser', record: { ...common, userId, properties: {} } }),
      headers: toHeaders({ 'connector-id': 'acme', 'message-id': userId, 'command-id': commandId }),
    };
  });

test('the dispatcher delivers every command of a topic that was created again, down or running', async (t) => {
  const bed = await createBed(t);
  const { name } = bed.topics.commands;
  const untilDone = (count: number) =>
    eventually(async () => (await bed.committed('astrolabe.dispatcher', name))?.nextOffset === BigInt(count), {
      timeoutMs: 30_000,
      describe: `${count} commands to be finished`,
    });
  await bed.send(name, commandsOf(bed, 'former', FORMER_EVENTS));
  const first = await bed.start('dispatcher');
  await untilDone(FORMER_EVENTS);
  const commit = await bed.committed('astrolabe.dispatcher', name);
  assert.match(commit?.topicId ?? '', /^[\w-]{22}$/, 'a commit says of which topic it is');
  await first.stop();
  await bed.recreate(bed.topics.commands);
  await bed.send(name, commandsOf(bed, 'new', NEW_EVENTS));
  // The brokers have forgotten what was committed for the topic before.
  const second = await bed.start('dispatcher');
  await untilDone(NEW_EVENTS);

  await bed.recreate(bed.topics.commands);
  await bed.send(name, commandsOf(bed, 'third', NEW_EVENTS + FORMER_EVENTS));
  const fault = await faultOf(second);
  assert.ok(fault?.code === 'kafka.topic-recreated' || fault?.code === 'kafka.offset-out-of-range', fault?.message);
  assert.equal(await bed.committed('astrolabe.dispatcher', name), undefined);
  await bed.start('dispatcher');
  await untilDone(NEW_EVENTS + FORMER_EVENTS);
});
