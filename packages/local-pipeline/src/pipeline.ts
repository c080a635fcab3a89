/**
 * The whole pipeline on this machine: the local stack, the reference API, the three services and their console, each as
 * a process of its own. For the demo, `npm start`, tests and the bench; prints nothing.
 */
import { join } from 'node:path';
import { connectionFromConfig, schemaRegistryFromConfig, type KafkaConnection } from '@astrolabe/kafka';
import { topicsFor, type Topics } from '@astrolabe/records';
import { commandSchemasIn, type CommandSchemaRegistry } from '@astrolabe/records/serde';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import type { Connector } from '@astrolabe/service-kit/connectors';
import { assertStackPossible, startLocalStack, type LocalStack, type StackProgress } from '@astrolabe/testkit';
import { applyContracts } from './apply-contracts.ts';
import type { DataFolder } from './data-folder.ts';
import { provideConnectors, type LocalConnectors } from './local-connectors.ts';
import { OwnedParts } from './owned-parts.ts';
import {
  consoleEnvironment,
  sharedEnvironment,
  type SharedEnvironment,
  type Variables,
} from './pipeline-environment.ts';
import { stages, startInstance, type InstancesOptions } from './start-instance.ts';
import type { SupervisedService } from './supervised-service.ts';

export const serviceNames = ['ingest', 'mapper', 'dispatcher'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface PipelineOptions extends InstancesOptions {
  /** The environment that decides about the stack. Normally `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Put before the names of topics and consumer groups. Default ''. */
  readonly topicPrefix?: string;
  /** Instances of a service. Default 1. */
  readonly instances?: Readonly<Partial<Record<ServiceName, number>>>;
  /** Brings up the operator's console too, on loopback and without a log-in. Default false. */
  readonly withConsole?: boolean;
  /**
   * Has the reference API accept keys that come into the connectors file later, as from the console. Default false:
   * those of the start only.
   */
  readonly acceptsNewKeys?: boolean;
  readonly onProgress?: (progress: StackProgress) => void;
  /** Ends a start between two of its steps. */
  readonly signal?: AbortSignal;
}

/** Where a running pipeline is reached, for scripts and for people. */
export interface PipelineAddresses {
  /** Base URL that takes events. */
  readonly ingest: string;
  /** Base URL of the Astrolabe API. */
  readonly astrolabe: string;
  /** The operator's console, for browsers, and below it its API. Undefined: it was not started. */
  readonly console: string | undefined;
  /** `host:port`, several separated by commas. */
  readonly kafka: string;
  /** Base URL of the registry's Confluent API. */
  readonly schemaRegistry: string;
  /** Prometheus text. */
  readonly metrics: { readonly ingest: string; readonly mapper: string; readonly dispatcher: string };
  readonly apiKey: string;
  /** Id of the connector that the key belongs to. */
  readonly connector: string;
}

export interface Pipeline {
  readonly addresses: PipelineAddresses;
  readonly connector: Connector;
  readonly stack: LocalStack;
  readonly folder: DataFolder;
  readonly topics: Topics;
  readonly groups: Readonly<Record<'mapper' | 'dispatcher', string>>;
  readonly services: Readonly<Record<ServiceName, readonly [SupervisedService, ...SupervisedService[]]>>;
  /** The reference API. */
  readonly astrolabe: SupervisedService;
  /** Undefined: it was not started. */
  readonly console: SupervisedService | undefined;
  /** For reading and writing topics beside the pipeline. */
  readonly kafka: KafkaConnection;
  readonly schemaRegistry: CommandSchemaRegistry;
  /** Ends every process in order. Rejects with the first that did not end well, after all have ended. */
  close(): Promise<void>;
}

/** Topics of a cluster of one broker have one replica each. */
const LOCAL_REPLICATION_FACTOR = 1;

const kafkaAndRegistry = defineConfig({ ...configSections.kafka, ...configSections.schemaRegistry });

/** Resolves when all of it serves. A start that fails or is ended leaves nothing running. */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const owned = new OwnedParts();
  try {
    return await start(options, owned);
  } catch (error) {
    await owned.close().catch(() => undefined);
    throw error;
  }
}

async function start(options: PipelineOptions, owned: OwnedParts): Promise<Pipeline> {
  const { folder, env, topicPrefix = '', variables = {}, withConsole = false, signal } = options;
  // Before anything is started or written.
  await assertStackPossible(env);
  const connectors = await provideConnectors(folder.connectorsFile, env);
  const [stack, astrolabe] = await Promise.all([
    startStack(options, owned),
    step(options, 'starting the reference API', () => startAstrolabe(options, owned, connectors)),
  ]);
  const { kafkaBrokers, schemaRegistryUrl } = stack;
  const shared = sharedEnvironment({
    env,
    kafkaBrokers,
    schemaRegistryUrl,
    isExternal: stack.kind === 'external',
    topicPrefix,
  });
  const config = readConfig(kafkaAndRegistry, { ...shared.kafka, ...shared.schemaRegistry });
  const kafka = connectionFromConfig(config, 'local', createLogger({ name: 'local', level: 'silent' }));
  const schemaRegistry = commandSchemasIn(schemaRegistryFromConfig(config));
  const topics = topicsFor(topicPrefix);
  const replicationFactor = Number(env.KAFKA_REPLICATION_FACTOR || LOCAL_REPLICATION_FACTOR);
  await step(options, 'creating topics and schemas', () =>
    applyContracts({ kafka, schemaRegistry, topics, replicationFactor }),
  );
  const services = await startServices(options, owned, shared, astrolabe);
  const console = withConsole
    ? await startConsole(options, owned, { shared, astrolabe, services, replicationFactor })
    : undefined;
  signal?.throwIfAborted();
  return {
    get addresses() {
      return addressesOf({ stack, astrolabe, services, console, connector: connectors.chosen });
    },
    connector: connectors.chosen,
    stack,
    folder,
    topics,
    groups: {
      mapper: topicPrefix + (variables.mapper?.['MAPPER_GROUP_ID'] ?? 'astrolabe.mapper'),
      dispatcher: topicPrefix + (variables.dispatcher?.['DISPATCHER_GROUP_ID'] ?? 'astrolabe.dispatcher'),
    },
    services,
    astrolabe,
    console,
    kafka,
    schemaRegistry,
    close: () => owned.close(),
  };
}

async function step<T>({ signal, onProgress }: PipelineOptions, name: string, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const startedAtMs = performance.now();
  const report = (kind: StackProgress['kind']): void =>
    onProgress?.({ kind, step: name, elapsedMs: Math.round(performance.now() - startedAtMs) });
  report('started');
  const result = await work();
  report('finished');
  return result;
}

function startStack({ env, folder, onProgress }: PipelineOptions, owned: OwnedParts): Promise<LocalStack> {
  return owned.start(
    stages.stack,
    () =>
      startLocalStack({
        env,
        ...(onProgress === undefined ? {} : { onProgress }),
        // A stack of somebody else keeps its data by itself.
        ...(folder.isKept ? { dataDir: folder.path } : {}),
      }),
    (started) => started.stop(),
  );
}

function startAstrolabe(
  options: PipelineOptions,
  owned: OwnedParts,
  { all }: LocalConnectors,
): Promise<SupervisedService> {
  return startInstance(options, owned, {
    stage: stages.astrolabe,
    name: 'astrolabe-api',
    service: 'astrolabe',
    env: {
      ASTROLABE_API_KEYS: all.map(({ id, apiKey }) => `${id}=${apiKey}`).join(','),
      ...(options.acceptsNewKeys === true ? { ASTROLABE_API_CONNECTORS_FILE: options.folder.connectorsFile } : {}),
      ASTROLABE_API_DATABASE: options.folder.astrolabeDatabase,
      ASTROLABE_API_CONTROL: 'true',
    },
    portVariable: 'ASTROLABE_API_PORT',
  });
}

async function startServices(
  options: PipelineOptions,
  owned: OwnedParts,
  shared: SharedEnvironment,
  astrolabe: SupervisedService,
): Promise<Pipeline['services']> {
  const { folder, instances = {}, withConsole = false } = options;
  const connectorsFile = { CONNECTORS_FILE: folder.connectorsFile };
  const consumer = { ...shared.kafka, ...shared.schemaRegistry, ...connectorsFile };
  const environmentOf = (service: ServiceName, name: string): Variables => {
    if (service === 'ingest') return { ...shared.kafka, ...connectorsFile, INGEST_DRAIN_MS: '0' };
    if (service === 'mapper') return consumer;
    // The copy of the delivery ledger is for one process.
    const ledger = { DISPATCHER_LEDGER_DIRECTORY: join(folder.ledgers, name) };
    return { ...consumer, ...ledger, DISPATCHER_API_URL: astrolabe.process.url };
  };
  const startService = (service: ServiceName): Promise<Pipeline['services'][ServiceName]> =>
    step(options, `starting ${service}`, async () => {
      const names = Array.from({ length: instances[service] ?? 1 }, (_, index) =>
        index === 0 ? service : `${service}-${index + 1}`,
      );
      const [first, ...others] = await Promise.all(
        names.map((name) =>
          startInstance(options, owned, {
            stage: stages.services,
            name,
            service,
            env: environmentOf(service, name),
            // The console is told once where the services are.
            keepsAdminPort: withConsole,
            ...(service === 'ingest' ? { portVariable: 'INGEST_PORT' } : {}),
          }),
        ),
      );
      if (first === undefined) throw new Error(`${service} needs at least one instance`);
      return [first, ...others];
    });
  const [ingest, mapper, dispatcher] = await Promise.all([
    startService('ingest'),
    startService('mapper'),
    startService('dispatcher'),
  ]);
  return { ingest, mapper, dispatcher };
}

interface ConsoleParts extends Pick<Pipeline, 'astrolabe' | 'services'> {
  readonly shared: SharedEnvironment;
  readonly replicationFactor: number;
}

/** After the services, whose addresses it is given. */
function startConsole(options: PipelineOptions, owned: OwnedParts, parts: ConsoleParts): Promise<SupervisedService> {
  const { shared, astrolabe, services, replicationFactor } = parts;
  const { folder, variables = {} } = options;
  return step(options, 'starting the console', () =>
    startInstance(options, owned, {
      stage: stages.services,
      name: 'console',
      service: 'console',
      env: consoleEnvironment({
        shared,
        connectorsFile: folder.connectorsFile,
        ingestUrl: services.ingest[0].process.url,
        apiUrl: astrolabe.process.url,
        adminUrls: serviceNames.flatMap((service) => services[service].map(({ process }) => process.adminUrl)),
        services: variables,
        replicationFactor,
      }),
      portVariable: 'CONSOLE_PORT',
    }),
  );
}

function addressesOf({
  stack,
  astrolabe,
  services: { ingest, mapper, dispatcher },
  console,
  connector,
}: Pick<Pipeline, 'stack' | 'astrolabe' | 'services' | 'console' | 'connector'>): PipelineAddresses {
  return {
    ingest: ingest[0].process.url,
    astrolabe: astrolabe.process.url,
    console: console?.process.url.replace(/\/$/, ''),
    kafka: stack.kafkaBrokers,
    schemaRegistry: stack.schemaRegistryUrl,
    metrics: {
      ingest: ingest[0].metricsUrl,
      mapper: mapper[0].metricsUrl,
      dispatcher: dispatcher[0].metricsUrl,
    },
    apiKey: connector.apiKey,
    connector: connector.id,
  };
}
