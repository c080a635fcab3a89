/**
 * The whole pipeline of a chaos run: three brokers, the registry, the API and two of each service, with a fault proxy
 * on every way between them.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaConnection, createSchemaRegistry, type KafkaConnection } from '@astrolabe/kafka';
import { applyContracts } from '@astrolabe/local-pipeline';
import { topicsFor, type Topics } from '@astrolabe/records';
import { commandSchemasIn, type CommandSchemaRegistry } from '@astrolabe/records/serde';
import { createLogger } from '@astrolabe/service-kit';
import {
  findFreePorts,
  guardian,
  machineEnvironment,
  scaledTimeoutMs,
  startFaultProxy,
  startLocalCluster,
  type ClusterBroker,
  type FaultProxy,
  type LocalCluster,
} from '@astrolabe/testkit';
import type { ServiceName } from '../oracle/observed.ts';
import {
  serviceInstances,
  services,
  type BrokerName,
  type InstanceName,
  type Link,
  type Side,
} from '../schedule/disturbance.ts';
import type { TrafficConnector } from '../traffic/traffic-connector.ts';
import { applyContractsOf } from '../upgrade/apply-contracts-of.ts';
import { connectorsFileText } from './connectors.ts';
import { startDisturbedApi, type DisturbedApi } from './disturbed-api.ts';
import { openLedgerDisk, type LedgerDisk } from './ledger-disk.ts';
import { createReplayOperator, type ReplayOperator } from './replay-operator.ts';
import { Rollout } from './rollout.ts';
import { operatorEnvironment, serviceEnvironment } from './service-environment.ts';
import { WatchedService, type Sources } from './watched-service.ts';

export interface SystemOptions {
  readonly seed: number;
  readonly connectors: readonly TrafficConnector[];
  /** The environment that decides about Java. Normally `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Configuration of a service beyond what the run sets. */
  readonly variables?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>;
  /** Replication is as many. Default 3. */
  readonly brokers?: number;
  /** Brokers and registry that several runs use, one after the other, each with a prefix. Default: of the run's own. */
  readonly shared?: { readonly cluster: LocalCluster; readonly topicPrefix: string };
  /** How many of each service, one or two. Default 2. */
  readonly instances?: Readonly<Partial<Record<ServiceName, 1 | 2>>>;
  /** Where the services' logs go, a file for each instance. Undefined: nowhere. */
  readonly logDirectory?: string;
  /**
   * The root of another revision's tree, installed: topics, schemas and all instances begin with it. Undefined: the run
   * has one revision, which is this one.
   */
  readonly upgradeFrom?: URL;
  /** Told of a broker that ended by itself, and is started again. */
  readonly onBrokerCrash?: (nodeId: number, failure: Error) => void;
}

export interface System {
  readonly connectors: readonly TrafficConnector[];
  /** What is disturbed together: a link of all services has the proxy of each. */
  readonly links: ReadonlyMap<Link, readonly FaultProxy[]>;
  readonly brokers: ReadonlyMap<BrokerName, ClusterBroker>;
  readonly instances: ReadonlyMap<InstanceName, WatchedService>;
  readonly ledgerDisks: ReadonlyMap<InstanceName, LedgerDisk>;
  readonly api: DisturbedApi;
  /** Each instance of ingest, through its proxy. */
  readonly ingestUrls: readonly string[];
  readonly connectorsFile: string;
  readonly topics: Topics;
  readonly groups: Readonly<Record<'mapper' | 'dispatcher', string>>;
  readonly kafka: KafkaConnection;
  readonly schemaRegistry: CommandSchemaRegistry;
  readonly replays: ReplayOperator;
  /** Undefined in a run with one revision. */
  readonly rollout: Rollout | undefined;
  close(): Promise<void>;
}

/** The root of this tree. */
const ROOT = new URL('../../../', import.meta.url);
const START_TIMEOUT_MS = scaledTimeoutMs(60_000);
/**
 * A lost broker leaves the in-sync replicas, and a lost one is noticed, within seconds rather than half a minute: short
 * runs see both.
 */
const BROKER_PROPERTIES = {
  'replica.lag.time.max.ms': '6000',
  'broker.session.timeout.ms': '6000',
  'broker.heartbeat.interval.ms': '1000',
};

type ClusterOptions = Pick<SystemOptions, 'env' | 'brokers' | 'logDirectory' | 'onBrokerCrash'>;

/** Brokers and registry behind the proxies of every service. */
export function startCluster({ env, brokers = 3, logDirectory, onBrokerCrash }: ClusterOptions): Promise<LocalCluster> {
  return startLocalCluster({
    env,
    brokers,
    clients: services,
    properties: BROKER_PROPERTIES,
    ...(logDirectory === undefined ? {} : { logDirectory }),
    ...(onBrokerCrash === undefined ? {} : { onCrash: onBrokerCrash }),
  });
}

/** Resolves when every part serves. A start that fails leaves nothing running. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const closings: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closings.splice(0).toReversed()) await end().catch(() => undefined);
  };
  try {
    return { ...(await start(options, closings)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Closings = (() => Promise<unknown>)[];

async function start(options: SystemOptions, closings: Closings): Promise<Omit<System, 'close'>> {
  const { seed, connectors, env, shared, logDirectory, upgradeFrom } = options;
  const folder = await provideFolder(closings);
  if (logDirectory !== undefined) await mkdir(logDirectory, { recursive: true });
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, connectorsFileText(connectors));

  const cluster = shared?.cluster ?? (await startCluster(options));
  if (shared === undefined) closings.push(() => cluster.stop());
  const api = await startDisturbedApi(connectors, seed);
  closings.push(() => api.close());

  const links = linksToBrokers(cluster);
  const proxy = async (link: Link, target: { readonly host: string; readonly port: number }): Promise<FaultProxy> => {
    const started = await startFaultProxy({ target });
    closings.push(() => started.close());
    links.set(link, [started]);
    return started;
  };
  const registryUrl = new URL(cluster.schemaRegistryUrl);
  const registry = await proxy('services>registry', { host: registryUrl.hostname, port: Number(registryUrl.port) });
  const machine = machineEnvironment(env);
  const schemaRegistryUrl = `http://${registry.address}${registryUrl.pathname}`;
  const topicPrefix = shared?.topicPrefix ?? '';
  const topics = topicsFor(topicPrefix);
  const logger = createLogger({ name: 'chaos', level: 'silent' });
  const kafka = createKafkaConnection({ brokers: cluster.kafkaBrokers.split(','), clientId: 'chaos', logger });
  const schemaRegistry = commandSchemasIn(createSchemaRegistry({ url: schemaRegistryUrl }));
  const applyContractsIn = (folder: URL): Promise<void> =>
    applyContractsOf(folder, { ...machine, ...operatorEnvironment(cluster, topicPrefix) });
  if (upgradeFrom !== undefined) await applyContractsIn(upgradeFrom);
  else await applyContracts({ kafka, schemaRegistry, topics, replicationFactor: cluster.brokers.length });

  const services = await startInstances(options, {
    folder,
    closings,
    proxy,
    apiUrl: new URL(api.api.url),
    environmentOf: (service) => ({
      ...machine,
      ...serviceEnvironment(service, {
        KAFKA_BROKERS: cluster.kafkaBrokersOf(service),
        KAFKA_TOPIC_PREFIX: topicPrefix,
        SCHEMA_REGISTRY_URL: schemaRegistryUrl,
      }),
      CONNECTORS_FILE: connectorsFile,
    }),
  });

  return {
    connectors,
    links,
    brokers: new Map(cluster.brokers.map((broker) => [`broker-${broker.nodeId}` as BrokerName, broker])),
    ...services,
    api,
    connectorsFile,
    topics,
    groups: { mapper: `${topicPrefix}astrolabe.mapper`, dispatcher: `${topicPrefix}astrolabe.dispatcher` },
    kafka,
    schemaRegistry,
    replays: createReplayOperator(kafka.brokers, topicPrefix),
    rollout:
      upgradeFrom &&
      new Rollout({
        sources: sourcesFrom(upgradeFrom),
        instances: services.instances,
        applyNewContracts: () => applyContractsIn(ROOT),
      }),
  };
}

function sourcesFrom(upgradeFrom: URL | undefined): Readonly<Record<Side, Sources>> {
  return { old: { side: 'old', folder: upgradeFrom ?? ROOT }, new: { side: 'new', folder: ROOT } };
}

async function provideFolder(closings: Closings): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-chaos-'));
  const forget = await (await guardian()).watch({ paths: [folder] });
  closings.push(async () => {
    await rm(folder, { recursive: true, force: true });
    await forget();
  });
  return folder;
}

function linksToBrokers({ brokers }: LocalCluster): Map<Link, readonly FaultProxy[]> {
  const links = new Map<Link, readonly FaultProxy[]>();
  for (const { nodeId, clients, peers } of brokers) {
    for (const [service, own] of clients) links.set(`${service}>broker-${nodeId}` as Link, [own]);
    links.set(`clients>broker-${nodeId}` as Link, [...clients.values()]);
    links.set(`brokers>broker-${nodeId}` as Link, [peers]);
  }
  return links;
}

interface Surroundings {
  readonly folder: string;
  readonly closings: Closings;
  readonly proxy: (link: Link, target: { readonly host: string; readonly port: number }) => Promise<FaultProxy>;
  readonly apiUrl: URL;
  readonly environmentOf: (service: ServiceName) => Readonly<Record<string, string>>;
}

/** Resolves when all of them serve. */
async function startInstances(
  { variables, logDirectory, instances: counts, upgradeFrom }: SystemOptions,
  { folder, closings, proxy, apiUrl, environmentOf }: Surroundings,
): Promise<Pick<System, 'instances' | 'ledgerDisks' | 'ingestUrls'>> {
  const instances = new Map<InstanceName, WatchedService>();
  const ledgerDisks = new Map<InstanceName, LedgerDisk>();
  const ingestUrls: string[] = [];
  const endings: (() => Promise<void>)[] = [];
  for (const name of serviceInstances) {
    const [service, number] = name.split('-') as [ServiceName, string];
    if (Number(number) > (counts?.[service] ?? 2)) continue;
    // One instance of each group has a name and one has none: both kinds of members meet every disturbance.
    const own: Record<string, string> = number === '1' ? { KAFKA_GROUP_INSTANCE_ID: name } : {};
    if (service === 'ingest') {
      const [port = 0] = await findFreePorts(1);
      own['INGEST_PORT'] = String(port);
      const { address } = await proxy(`senders>${name}` as Link, { host: '127.0.0.1', port });
      ingestUrls.push(`http://${address}`);
    } else if (service === 'dispatcher') {
      const disk = await openLedgerDisk(join(folder, name));
      closings.push(() => disk.close());
      ledgerDisks.set(name, disk);
      const { address } = await proxy(`${name}>api` as Link, { host: apiUrl.hostname, port: Number(apiUrl.port) });
      own['DISPATCHER_LEDGER_DIRECTORY'] = disk.directory;
      own['DISPATCHER_API_URL'] = `http://${address}`;
    }
    const log = logDirectory === undefined ? undefined : createWriteStream(join(logDirectory, `${name}.log`));
    const instance = new WatchedService({
      service,
      name,
      sources: sourcesFrom(upgradeFrom)[upgradeFrom === undefined ? 'new' : 'old'],
      env: { ...environmentOf(service), ...own, ...variables?.[service] },
      onLine: (line) => log?.write(`${line}\n`),
    });
    endings.push(async () => {
      await instance.close();
      log?.end();
    });
    instances.set(name, instance);
  }
  // Before what they use: their disks and proxies.
  closings.push(() => Promise.all(endings.map((end) => end())));
  await Promise.all([...instances.values()].map((instance) => instance.whenReady(START_TIMEOUT_MS)));
  return { instances, ledgerDisks, ingestUrls };
}
