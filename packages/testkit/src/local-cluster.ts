/**
 * A cluster of several brokers and a registry as processes of this machine, each broker behind fault proxies: what clients and what its
 * peers are told of it are the proxies' addresses.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PipelineError } from '@astrolabe/service-kit';
import type { BrokerControl } from './broker-control.ts';
import { brokerProperties } from './broker-properties.ts';
import type { BrokerLayout } from './broker-properties.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { findFreePorts } from './free-ports.ts';
import { guardian } from './guardian-client.ts';
import { runJvmBroker } from './jvm-broker.ts';
import { formatIfNew, newClusterId } from './jvm-broker-storage.ts';
import { findJvmInstallation } from './jvm-installation.ts';
import { startJvmRegistry } from './jvm-registry.ts';
import { waitForBroker, waitUntilAccepted } from './readiness.ts';

export interface LocalClusterOptions {
  /** The environment to decide by. Normally `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Three or more keep three copies of everything, of which two must be in sync. */
  readonly brokers: number;
  /** Put over the brokers' properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Told of a broker that ended by itself, and is started again. */
  readonly onCrash?: (nodeId: number, failure: Error) => void;
}

export interface ClusterBroker {
  readonly nodeId: number;
  readonly control: BrokerControl;
  /** Between clients and this broker. */
  readonly clients: FaultProxy;
  /** From the other brokers to this one: replication, not the controllers' quorum. */
  readonly peers: FaultProxy;
}

export interface LocalCluster {
  readonly brokers: readonly ClusterBroker[];
  /** Comma-separated, through the proxies. */
  readonly kafkaBrokers: string;
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
  if (installation.kind === 'unusable') {
    throw new PipelineError('stack.unavailable', `a cluster of brokers needs Java: ${installation.reason}`, {
      retryable: false,
    });
  }
  const downloads = await installation.provideDownloads(() => undefined);
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
    const { java } = installation;
    const startingBrokers = startBrokers(options, {
      java,
      classpath: downloads.kafkaClasspath,
      workDirectory,
      closings,
    });
    const startingRegistry = startJvmRegistry({
      java,
      jar: downloads.registryJar,
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
      kafkaBrokers: brokers.map(({ clients }) => clients.address).join(','),
      schemaRegistryUrl: registry.url,
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

interface Machine {
  readonly java: string;
  readonly classpath: string;
  readonly workDirectory: string;
  readonly closings: (() => Promise<void>)[];
}

interface BrokerPorts {
  readonly nodeId: number;
  readonly client: number;
  readonly peer: number;
  readonly controller: number;
}

async function startBrokers(
  { env, brokers: count, properties, onCrash }: LocalClusterOptions,
  { java, classpath, workDirectory, closings }: Machine,
): Promise<readonly ClusterBroker[]> {
  const free = await findFreePorts(count * 3);
  const ports = Array.from({ length: count }, (_, index): BrokerPorts => ({
    nodeId: index + 1,
    client: free[index * 3] ?? 0,
    peer: free[index * 3 + 1] ?? 0,
    controller: free[index * 3 + 2] ?? 0,
  }));
  const voters = ports.map(({ nodeId, controller }) => ({ nodeId, host: HOST, port: controller }));
  const clusterId = newClusterId();

  const start = async (own: BrokerPorts): Promise<ClusterBroker> => {
    const clients = await startFaultProxy({ target: { host: HOST, port: own.client } });
    closings.push(() => clients.close());
    const peers = await startFaultProxy({ target: { host: HOST, port: own.peer } });
    closings.push(() => peers.close());
    const directory = join(workDirectory, `broker-${own.nodeId}`);
    await mkdir(directory);
    const layout: BrokerLayout = {
      nodeId: own.nodeId,
      listeners: [
        { name: 'CLIENT', host: HOST, port: own.client, advertised: clients },
        { name: 'PEER', host: HOST, port: own.peer, advertised: peers },
      ],
      interBrokerListener: 'PEER',
      controllerListener: { name: 'CONTROLLER', host: HOST, port: own.controller },
      voters,
      logDirectory: join(directory, 'data'),
    };
    const jvm = { java, classpath, env, workDirectory: directory, logDirectory: layout.logDirectory, keepsData: false };
    await formatIfNew(jvm, layout, clusterId);
    const control = await runJvmBroker(jvm, {
      properties: { ...brokerProperties(layout), ...properties },
      heapMegabytes: HEAP_MEGABYTES,
      address: `${HOST}:${own.client}`,
      // One of several may come back while another is away, and then the cluster as a whole may not answer.
      waitUntilReady: waitUntilAccepted,
      onCrash: (failure) => onCrash?.(own.nodeId, failure),
    });
    closings.push(() => control.close());
    return { nodeId: own.nodeId, control, clients, peers };
  };
  const brokers = await settleAll(ports.map(start));
  await Promise.all(
    brokers.map(({ control }) => waitForBroker(control.address, { timeoutMs: 60_000, failure: () => undefined })),
  );
  return brokers;
}

/** Resolves as `Promise.all`, but rejects only once every start has come to its end: what is still starting could not be closed. */
async function settleAll<T>(starts: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(starts);
  return Promise.all(starts);
}
