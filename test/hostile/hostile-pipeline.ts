/**
 * The three services as processes of their own on a real broker, with topics and connectors that nobody else uses, and
 * in front of the reference API a server that misbehaves for some of the connectors.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { uniqueName } from '@astrolabe/testkit';
import { clientOf } from '../../packages/kafka/src/connection.ts';
import { startApiFront, type ApiFront } from './api-front.ts';
import { startProcesses, type HostileProcesses, type ServiceName } from './hostile-processes.ts';

export interface HostileConnector {
  readonly id: string;
  readonly apiKey: string;
  readonly writeKeys?: readonly string[];
  readonly webhookSecret?: string;
  readonly freeEmailProviders?: 'allow' | 'block';
  readonly rateLimit?: { readonly eventsPerSecond: number; readonly burst: number };
}

export interface HostilePipeline extends HostileProcesses {
  /** As an operator does it while the group's services are down. */
  setOffset(topic: 'segmentEvents' | 'commands', partition: number, offset: bigint): Promise<void>;
  readonly api: RunningReferenceApi;
  readonly front: ApiFront;
  readonly topics: Topics;
  /** Path of the file that the services watch. */
  readonly connectorsFile: string;
  readonly encoder: CommandEncoder;
  /** The registry's id of a schema that is not a command's. */
  readonly otherSchemaId: number;
  readonly connection: KafkaConnection;
  produce(topic: TopicRole, records: readonly OutgoingRecord[]): Promise<void>;
  read(topic: TopicRole): Promise<readonly ConsumedRecord[]>;
  /** Whether both groups have committed everything. */
  isDrained(): Promise<boolean>;
  close(): Promise<void>;
}

const GROUPS = { segmentEvents: 'astrolabe.mapper', commands: 'astrolabe.dispatcher' } as const;

const roles = [
  'segmentEvents',
  'segmentEventsDeadLetters',
  'commands',
  'commandsDeadLetters',
  'deliveries',
  'mapperState',
  'replayedCommands',
  'replays',
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
  if (service === 'ingest') return { ...shared, INGEST_PORT: '0', INGEST_DRAIN_MS: '0' };
  if (service === 'mapper') return { ...shared, ...registry };
  const ledger = { DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger') };
  return { ...shared, ...registry, ...ledger, DISPATCHER_API_URL: apiUrl };
}

/** Of the broker that the runner provides. */
function kafkaBrokers(): string {
  return process.env['KAFKA_BROKERS'] ?? '';
}

function schemaRegistryUrl(): string {
  return process.env['SCHEMA_REGISTRY_URL'] ?? '';
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
