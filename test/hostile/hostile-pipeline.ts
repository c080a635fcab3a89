/**
 * The three services as processes of their own on a real broker, with topics and connectors that nobody else uses, and in front of the
 * reference API a server that misbehaves for some of the connectors.
 */
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createKafkaAdmin,
  createKafkaConnection,
  createRecordProducer,
  createSchemaRegistry,
  readTopic,
  type KafkaConnection,
} from '@astrolabe/kafka';
import { topicsFor, type ConsumedRecord, type OutgoingRecord, type TopicRole, type Topics } from '@astrolabe/records';
import { commandSchemasIn, createCommandEncoder, type CommandEncoder } from '@astrolabe/records/serde';
import { startReferenceApi, type RunningReferenceApi } from '@astrolabe/reference-api';
import { createLogger } from '@astrolabe/service-kit';
import {
  parsePrometheusText,
  spawnService,
  sumOf,
  uniqueName,
  type ProcessExit,
  type Sample,
  type ServiceProcess,
} from '@astrolabe/testkit';
import { clientOf } from '../../packages/kafka/src/connection.ts';
import { heldHeapBytes, measurable } from '../integrity/held-heap.ts';
import { startApiFront, type ApiFront } from './api-front.ts';

export interface HostileConnector {
  readonly id: string;
  readonly apiKey: string;
  readonly writeKeys?: readonly string[];
  readonly webhookSecret?: string;
  readonly freeEmailProviders?: 'allow' | 'block';
  readonly rateLimit?: { readonly eventsPerSecond: number; readonly burst: number };
}

export type ServiceName = 'ingest' | 'mapper' | 'dispatcher';

export interface ProcessMemory {
  readonly residentBytes: number;
  /** Objects, those that are not yet collected included. */
  readonly heapBytes: number;
  /** Buffers beside the heap. */
  readonly externalBytes: number;
}

export interface HostilePipeline {
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>;
  /** Waits for a service to end by itself, and gives what it grew by until then, in resident bytes. */
  untilEnded(service: ServiceName): Promise<{ readonly exit: ProcessExit; readonly grewBytes: number }>;
  /** Starts a service that has ended. */
  restart(service: ServiceName): Promise<void>;
  /** As an operator does it while the group's services are down. */
  setOffset(topic: 'segmentEvents' | 'commands', partition: number, offset: bigint): Promise<void>;
  readonly api: RunningReferenceApi;
  readonly front: ApiFront;
  readonly topics: Topics;
  /** Path of the file that the services watch. */
  readonly connectorsFile: string;
  readonly encoder: CommandEncoder;
  /** An id of the registry for a schema that is no command. */
  readonly otherSchemaId: number;
  readonly connection: KafkaConnection;
  produce(topic: TopicRole, records: readonly OutgoingRecord[]): Promise<void>;
  read(topic: TopicRole): Promise<readonly ConsumedRecord[]>;
  /** Text of a service's `/metrics`. */
  metrics(service: ServiceName): Promise<string>;
  samples(service: ServiceName): Promise<readonly Sample[]>;
  /** What the processes take now. */
  memory(): Promise<Readonly<Record<ServiceName, ProcessMemory>>>;
  /** Bytes of objects that are left after a collection. */
  heldBytes(): Promise<Readonly<Record<ServiceName, number>>>;
  /** Whether both groups have committed everything. */
  isDrained(): Promise<boolean>;
  /** Answers or rejects with the service that has ended. */
  assertAlive(): Promise<void>;
  close(): Promise<void>;
}

const GROUPS = { segmentEvents: 'astrolabe.mapper', commands: 'astrolabe.dispatcher' } as const;

const entryOf = (service: ServiceName): URL => new URL(`../../services/${service}/src/main.ts`, import.meta.url);
const roles = [
  'segmentEvents',
  'segmentEventsDeadLetters',
  'commands',
  'commandsDeadLetters',
  'deliveries',
  'mapperState',
] as const;

type Variables = Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>;

/** Resolves when every part serves. A start that fails leaves nothing running. */
export async function startHostilePipeline(
  connectors: readonly HostileConnector[],
  variables: Variables = {},
): Promise<HostilePipeline> {
  const closings: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closings.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await start(connectors, variables, closings)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Closings = (() => Promise<unknown>)[];

async function start(
  connectors: readonly HostileConnector[],
  variables: Variables,
  closings: Closings,
): Promise<Omit<HostilePipeline, 'close'>> {
  const topicPrefix = `${uniqueName('hostile')}.`;
  const broker = await prepareBroker(topicPrefix, closings);
  const { api, front } = await startApi(connectors, closings);
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  closings.push(() => rm(folder, { recursive: true, force: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(
    connectorsFile,
    JSON.stringify({ connectors: connectors.map((each) => ({ name: each.id, ...each })) }),
  );
  const processes = await startProcesses(closings, (service) => ({
    ...environmentOf(service, { topicPrefix, connectorsFile, folder, apiUrl: front.url }),
    ...variables[service],
  }));
  return { ...broker, api, front, connectorsFile, ...processes };
}

type BrokerView = Pick<
  HostilePipeline,
  'topics' | 'encoder' | 'otherSchemaId' | 'connection' | 'setOffset' | 'produce' | 'read' | 'isDrained'
>;

async function prepareBroker(topicPrefix: string, closings: Closings): Promise<BrokerView> {
  const topics = topicsFor(topicPrefix);
  const logger = createLogger({ name: 'hostile-test', level: 'silent' });
  const brokers = kafkaBrokers().split(',');
  const connection = createKafkaConnection({ brokers, clientId: 'hostile-test', logger });
  const admin = await createKafkaAdmin(connection);
  closings.push(() => admin.close());
  const used = roles.map((role) => topics[role]);
  await admin.applyTopics(await admin.planTopics(used, 1));
  const registry = commandSchemasIn(createSchemaRegistry({ url: schemaRegistryUrl(), auth: undefined }));
  await registry.apply(topics.commands.name);
  const producer = await createRecordProducer({
    connection,
    logger,
    maxRecordBytes: 1_048_500,
    maxRequestBytes: 1_048_500,
  });
  closings.push(() => producer.close());
  return {
    topics,
    connection,
    encoder: createCommandEncoder(await registry.commandIds(topics.commands.name)),
    otherSchemaId: await registerOther(schemaRegistryUrl(), topicPrefix),
    setOffset: async (role, partition, offset) => {
      const client = clientOf(connection).admin();
      await client.connect();
      const partitions = [{ partition, offset: offset.toString() }];
      await client.setOffsets({ groupId: topicPrefix + GROUPS[role], topic: topics[role].name, partitions });
      await client.disconnect();
    },
    produce: (role, records) => producer.send(topics[role].name, records).then(() => undefined),
    read: async (role) => {
      const records: ConsumedRecord[] = [];
      await readTopic({ connection, topic: topics[role].name }, (record) => records.push(record));
      return records;
    },
    isDrained: async () => {
      for (const role of ['segmentEvents', 'commands'] as const) {
        const topic = topics[role].name;
        const commits = await admin.commits(topicPrefix + GROUPS[role], topic);
        for (const { partition, lowWatermark, highWatermark } of await admin.watermarks(topic)) {
          const commit = commits.get(partition);
          if ((commit?.nextOffset ?? lowWatermark) < highWatermark) return false;
          if (role === 'commands' && (commit?.metadata ?? '') !== '') return false;
        }
      }
      return true;
    },
  };
}

async function startApi(
  connectors: readonly HostileConnector[],
  closings: Closings,
): Promise<Pick<HostilePipeline, 'api' | 'front'>> {
  const api = await startReferenceApi({
    apiKeys: connectors.map(({ id, apiKey }) => ({ key: apiKey, connector: id })),
  });
  closings.push(() => api.close());
  const front = await startApiFront(api.url);
  closings.push(() => front.close());
  return { api, front };
}

type Setting = 'topicPrefix' | 'connectorsFile' | 'folder' | 'apiUrl';

function environmentOf(
  service: ServiceName,
  { topicPrefix, connectorsFile, folder, apiUrl }: Readonly<Record<Setting, string>>,
): Readonly<Record<string, string>> {
  const shared = {
    KAFKA_BROKERS: kafkaBrokers(),
    KAFKA_TOPIC_PREFIX: topicPrefix,
    CONNECTORS_FILE: connectorsFile,
  };
  const registry = { SCHEMA_REGISTRY_URL: schemaRegistryUrl() };
  if (service === 'ingest') return { ...shared, INGEST_PORT: '0' };
  if (service === 'mapper') return { ...shared, ...registry };
  const ledger = { DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger') };
  return { ...shared, ...registry, ...ledger, DISPATCHER_API_URL: apiUrl };
}

type ProcessesView = Pick<
  HostilePipeline,
  'services' | 'untilEnded' | 'restart' | 'metrics' | 'samples' | 'memory' | 'heldBytes' | 'assertAlive'
>;

async function startProcesses(
  closings: Closings,
  envOf: (service: ServiceName) => Readonly<Record<string, string>>,
): Promise<ProcessesView> {
  const endedByThemselves = new Set<ServiceProcess>();
  const startService = async (name: ServiceName): Promise<ServiceProcess> => {
    const service = await spawnService({ name, entry: entryOf(name), env: { ...measurable, ...envOf(name) } });
    closings.push(async () => {
      if (!endedByThemselves.has(service)) await service.stop();
    });
    return service;
  };
  const [ingest, mapper, dispatcher] = await Promise.all([
    startService('ingest'),
    startService('mapper'),
    startService('dispatcher'),
  ]);
  const services = { ingest, mapper, dispatcher };
  return {
    services,
    ...measuresOf(services),
    untilEnded: (name) => {
      endedByThemselves.add(services[name]);
      return watchUntilEnded(services[name]);
    },
    restart: async (name) => {
      services[name] = await startService(name);
    },
    assertAlive: async () => {
      for (const { name, pid, adminUrl } of Object.values(services)) {
        await readFile(`/proc/${pid}/cmdline`).catch(() => {
          throw new Error(`${name} has ended`);
        });
        const { status } = await fetch(`${adminUrl}/livez`);
        if (status !== 200) throw new Error(`${name} answers ${status} at /livez`);
      }
    },
  };
}

/** `services` as they are at each call: one may have been started again. */
function measuresOf(
  services: Readonly<Record<ServiceName, ServiceProcess>>,
): Pick<HostilePipeline, 'metrics' | 'samples' | 'memory' | 'heldBytes'> {
  const metrics = async (service: ServiceName): Promise<string> =>
    (await fetch(`${services[service].adminUrl}/metrics`)).text();
  const samples = async (service: ServiceName): Promise<readonly Sample[]> =>
    parsePrometheusText(await metrics(service));
  const ofEach = async <T>(measure: (service: ServiceName) => Promise<T>): Promise<Record<ServiceName, T>> => ({
    ingest: await measure('ingest'),
    mapper: await measure('mapper'),
    dispatcher: await measure('dispatcher'),
  });
  return {
    metrics,
    samples,
    memory: () =>
      ofEach(async (service) => {
        const now = await samples(service);
        return {
          residentBytes: sumOf(now, 'process_resident_memory_bytes'),
          heapBytes: sumOf(now, 'nodejs_heap_size_used_bytes'),
          externalBytes: sumOf(now, 'nodejs_external_memory_bytes'),
        };
      }),
    heldBytes: () => ofEach((service) => heldHeapBytes(services[service])),
  };
}

async function watchUntilEnded(service: ServiceProcess): ReturnType<HostilePipeline['untilEnded']> {
  let isRunning = true;
  const exited = service.exited.finally(() => (isRunning = false));
  const first = await residentBytesOf(service.pid);
  let peak = first;
  while (isRunning) {
    peak = Math.max(peak, await residentBytesOf(service.pid));
    await Promise.race([exited, sleep(50)]);
  }
  return { exit: await exited, grewBytes: peak - first };
}

/** Of the broker that the runner provides. */
function kafkaBrokers(): string {
  return process.env['KAFKA_BROKERS'] ?? '';
}

function schemaRegistryUrl(): string {
  return process.env['SCHEMA_REGISTRY_URL'] ?? '';
}

const PAGE_BYTES = 4_096;

/** 0 once it has ended. */
async function residentBytesOf(pid: number): Promise<number> {
  const fields = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '');
  return Number(fields.split(' ')[1] ?? 0) * PAGE_BYTES;
}

async function registerOther(url: string, prefix: string): Promise<number> {
  const schema = JSON.stringify({ type: 'record', name: 'Other', fields: [{ name: 'text', type: 'string' }] });
  const response = await fetch(`${url}/subjects/${prefix}other/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  });
  return ((await response.json()) as { id: number }).id;
}
