/**
 * A cluster of several brokers and a registry as processes of this machine, each broker behind fault proxies, one for
 * each client that is named and one for its peers: what each of them is told of the broker is the address of its own
 * proxy.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerControl } from '../stack/broker-control.ts';
import { brokerProperties } from '../stack/broker-properties.ts';
import type { BrokerLayout } from '../stack/broker-properties.ts';
import { startFaultProxy } from '../network/fault-proxy.ts';
import type { FaultProxy } from '../network/fault-proxy.ts';
import { findFreePorts } from '../network/free-ports.ts';
import { guardian } from '../process/guardian-client.ts';
import { runJvmBroker } from './jvm-broker.ts';
import { retryOnTakenPort, StartFailure } from './jvm-process.ts';
import { formatIfNew, newClusterId } from './jvm-broker-storage.ts';
import { findJvmInstallation } from './jvm-installation.ts';
import type { JvmPrograms } from './jvm-programs.ts';
import { provideJvmPrograms } from './provide-jvm-programs.ts';
import { startJvmRegistry } from './jvm-registry.ts';
import { waitForBroker, waitUntilAccepted } from '../stack/readiness.ts';
import { clusterUnavailable } from '../stack-choice/stack-requirements.ts';

export interface LocalClusterOptions {
  /** The environment to decide by. Normally `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Three or more keep three copies of everything, of which two must be in sync. */
  readonly brokers: number;
  /**
   * Names of clients, in lower case. Each has its own listener on each broker, behind its own fault proxy.
   */
  readonly clients: readonly string[];
  /** Put over the brokers' properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Whether what each broker prints is kept, in `broker-N.log`. The folder exists. */
  readonly logDirectory?: string;
  /** Told of a broker that ended by itself, and is started again. */
  readonly onCrash?: (nodeId: number, failure: Error) => void;
  /** Default: `findFreePorts`. */
  readonly findPorts?: (count: number) => Promise<number[]>;
}

export interface ClusterBroker {
  readonly nodeId: number;
  readonly control: BrokerControl;
  /** Between each client that was named and this broker. */
  readonly clients: ReadonlyMap<string, FaultProxy>;
  /** From the other brokers to this one: replication, not the controllers' quorum. */
  readonly peers: FaultProxy;
}

export interface LocalCluster {
  readonly brokers: readonly ClusterBroker[];
  /** Comma-separated, past all proxies: for who watches. */
  readonly kafkaBrokers: string;
  /** Comma-separated, through the proxies of a client that was named. */
  kafkaBrokersOf(client: string): string;
  readonly schemaRegistryUrl: string;
  /** Kills everything and removes its data. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Enough for a few thousand records a second; several brokers share this machine. */
const HEAP_MEGABYTES = 256;

/** Resolves when every broker serves. Rejects with `stack.unavailable` where this machine cannot run them. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { env } = options;
  const installation = await findJvmInstallation(env);
  if (installation.kind === 'unusable') throw clusterUnavailable(installation.reason);
  const programs = await provideJvmPrograms(installation, env, () => undefined);
  return retryOnTakenPort(() => startWith(programs, options));
}

async function startWith(programs: JvmPrograms, options: LocalClusterOptions): Promise<LocalCluster> {
  const { env } = options;
  const workDirectory = await mkdtemp(join(tmpdir(), 'astrolabe-cluster-'));
  const forget = await (await guardian()).watch({ paths: [workDirectory] });
  const closings: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(closings.map((close) => close()));
    await rm(workDirectory, { recursive: true, force: true, maxRetries: 5 });
    await forget();
  };
  try {
    const registryDirectory = join(workDirectory, 'registry');
    await mkdir(registryDirectory);
    const startingBrokers = startBrokers(options, {
      programs,
      workDirectory,
      closings,
    });
    const startingRegistry = startJvmRegistry({
      programs,
      env,
      workDirectory: registryDirectory,
      dataDirectory: undefined,
    });
    // What is still starting could not be closed.
    await Promise.allSettled([startingBrokers, startingRegistry]);
    const registry = await startingRegistry;
    closings.push(() => registry.close());
    const brokers = await startingBrokers;
    return {
      brokers,
      kafkaBrokers: brokers.map(({ control }) => control.address).join(','),
      kafkaBrokersOf: (client) => brokers.map(({ clients }) => proxyOf(clients, client).address).join(','),
      schemaRegistryUrl: registry.url,
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

interface Machine {
  readonly programs: JvmPrograms;
  readonly workDirectory: string;
  readonly closings: (() => Promise<void>)[];
}

interface BrokerPorts {
  readonly nodeId: number;
  readonly observer: number;
  readonly peer: number;
  readonly controller: number;
  readonly clients: readonly { readonly client: string; readonly port: number }[];
}

async function startBrokers(
  { env, brokers: count, clients: names, properties, logDirectory, onCrash, findPorts }: LocalClusterOptions,
  { programs, workDirectory, closings }: Machine,
): Promise<readonly ClusterBroker[]> {
  const free = await (findPorts ?? findFreePorts)(count * (3 + names.length));
  const crashes = new Map<number, Error>();
  const takePort = (): number => free.shift() ?? 0;
  const ports = Array.from({ length: count }, (_, index): BrokerPorts => ({
    nodeId: index + 1,
    observer: takePort(),
    peer: takePort(),
    controller: takePort(),
    clients: names.map((client) => ({ client, port: takePort() })),
  }));
  const voters = ports.map(({ nodeId, controller }) => ({ nodeId, host: HOST, port: controller }));
  const clusterId = newClusterId();

  const startProxy = async (port: number): Promise<FaultProxy> => {
    const proxy = await startFaultProxy({ target: { host: HOST, port } });
    closings.push(() => proxy.close());
    return proxy;
  };
  const start = async (own: BrokerPorts): Promise<ClusterBroker> => {
    const clients = new Map<string, FaultProxy>();
    for (const { client, port } of own.clients) clients.set(client, await startProxy(port));
    const peers = await startProxy(own.peer);
    const directory = join(workDirectory, `broker-${own.nodeId}`);
    await mkdir(directory);
    const layout: BrokerLayout = {
      nodeId: own.nodeId,
      listeners: [
        { name: 'OBSERVER', host: HOST, port: own.observer },
        { name: 'PEER', host: HOST, port: own.peer, advertised: peers },
        ...own.clients.map(({ client, port }) => ({
          name: client.toUpperCase(),
          host: HOST,
          port,
          advertised: proxyOf(clients, client),
        })),
      ],
      interBrokerListener: 'PEER',
      controllerListener: { name: 'CONTROLLER', host: HOST, port: own.controller },
      voters,
      logDirectory: join(directory, 'data'),
    };
    const logPath = join(logDirectory ?? directory, `broker-${own.nodeId}.log`);
    const data = { logDirectory: layout.logDirectory, keepsData: false };
    const jvm = { programs, env, workDirectory: directory, logPath, ...data };
    await formatIfNew(jvm, layout, clusterId);
    const control = await runJvmBroker(jvm, {
      properties: { ...brokerProperties(layout), ...properties },
      heapMegabytes: HEAP_MEGABYTES,
      isShortLived: true,
      address: `${HOST}:${own.observer}`,
      // One of several may come back while another is away, and then the cluster as a whole may not answer.
      waitUntilReady: waitUntilAccepted,
      onCrash: (failure) => {
        crashes.set(own.nodeId, failure);
        onCrash?.(own.nodeId, failure);
      },
    });
    closings.push(() => control.close());
    return { nodeId: own.nodeId, control, clients, peers };
  };
  const brokers = await settleAll(ports.map(start));
  await Promise.all(brokers.map(({ nodeId, control }) => untilServing(control.address, () => crashes.get(nodeId))));
  return brokers;
}

/** A broker takes connections before it has all of its ports: one that is taken shows as a crash after that. */
async function untilServing(address: string, lastCrash: () => Error | undefined): Promise<void> {
  const failure = (): Error | undefined => {
    const crash = lastCrash();
    return crash instanceof StartFailure && crash.portTaken ? crash : undefined;
  };
  try {
    await waitForBroker(address, { timeoutMs: 60_000, failure });
  } catch (error) {
    const crash = lastCrash();
    if (crash === undefined || crash === error) throw error;
    throw new Error(`${(error as Error).message}; it crashed before: ${crash.message}`, { cause: error });
  }
}

function proxyOf(clients: ReadonlyMap<string, FaultProxy>, client: string): FaultProxy {
  const proxy = clients.get(client);
  if (proxy === undefined) throw new Error(`the cluster was started for no client "${client}"`);
  return proxy;
}

/**
 * Resolves as `Promise.all`, but rejects only once every start has come to its end: what is still starting could not be
 * closed.
 */
async function settleAll<T>(starts: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(starts);
  return Promise.all(starts);
}
