/**
 * The whole pipeline on this machine: the local stack, the reference API and the three services, each as a process of its own. For the
 * demo, `npm start`, tests and the bench; prints nothing.
 */
import { join } from 'node:path';
import { connectionFromConfig, schemaRegistryFromConfig, type KafkaConnection } from '@astrolabe/kafka';
import { topicsFor, type Topics } from '@astrolabe/records';
import { commandSchemasIn, type CommandSchemaRegistry } from '@astrolabe/records/serde';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import type { Connector } from '@astrolabe/service-kit/connectors';
import { assertStackPossible, startLocalStack, type LocalStack, type StackProgress } from '@astrolabe/testkit';
import type { PipelineAddresses } from './addresses.ts';
import { applyContracts } from './apply-contracts.ts';
import type { DataFolder } from './data-folder.ts';
import { provideConnectors } from './demo-connector.ts';
import { OwnedParts } from './owned-parts.ts';
import { sharedEnvironment, type Variables } from './pipeline-environment.ts';
import { startServiceInstance, type ServiceInstance } from './service-instance.ts';

export const serviceNames = ['ingest', 'mapper', 'dispatcher'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface PipelineOptions {
  readonly folder: DataFolder;
  /** The environment that decides about the stack. Normally `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Put before the names of topics and consumer groups. Default ''. */
  readonly topicPrefix?: string;
  /** Instances of a service. Default 1. */
  readonly instances?: Readonly<Partial<Record<ServiceName, number>>>;
  /** Configuration beyond what the pipeline itself sets. */
  readonly variables?: Readonly<Partial<Record<ServiceName | 'astrolabe', Variables>>>;
  readonly onProgress?: (progress: StackProgress) => void;
  /** Called when a process ends that nobody ended; the text says which, how, and where its log is. */
  readonly onUnexpectedEnd?: (what: string) => void;
  /** Ends a start between two of its steps. */
  readonly signal?: AbortSignal;
}

export interface Pipeline {
  readonly addresses: PipelineAddresses;
  readonly connector: Connector;
  readonly stack: LocalStack;
  readonly folder: DataFolder;
  readonly topics: Topics;
  readonly groups: Readonly<Record<'mapper' | 'dispatcher', string>>;
  readonly services: Readonly<Record<ServiceName, readonly [ServiceInstance, ...ServiceInstance[]]>>;
  /** The reference API. */
  readonly astrolabe: ServiceInstance;
  /** For reading and writing topics beside the pipeline. */
  readonly kafka: KafkaConnection;
  readonly schemaRegistry: CommandSchemaRegistry;
  /** Ends every process in order. Rejects with the first that did not end well, after all have ended. */
  close(): Promise<void>;
}

/** In the order of closing: first those that hold work, then what they work with. */
const stages = { services: 0, astrolabe: 1, stack: 2 } as const;

const entries = {
  ingest: new URL('../../services/ingest/src/main.ts', import.meta.url),
  mapper: new URL('../../services/mapper/src/main.ts', import.meta.url),
  dispatcher: new URL('../../services/dispatcher/src/main.ts', import.meta.url),
  astrolabe: new URL('../../reference/astrolabe-api/src/main.ts', import.meta.url),
} as const;

/** Topics of a cluster of one broker have one replica each. */
const LOCAL_REPLICATION_FACTOR = '1';

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
  const { folder, env, topicPrefix = '', instances = {}, variables = {}, signal } = options;
  const { onProgress = () => undefined, onUnexpectedEnd = () => undefined } = options;

  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const startedAtMs = performance.now();
    const report = (kind: StackProgress['kind']): void =>
      onProgress({ kind, step: name, elapsedMs: Math.round(performance.now() - startedAtMs) });
    report('started');
    const result = await work();
    report('finished');
    return result;
  };
  const startInstance = (
    stage: number,
    name: string,
    service: keyof typeof entries,
    serviceVariables: Variables,
    portVariable?: string,
  ): Promise<ServiceInstance> =>
    owned.start(
      stage,
      () =>
        startServiceInstance({
          name,
          entry: entries[service],
          env: { ...serviceVariables, ...variables[service] },
          logs: folder.logs,
          onUnexpectedEnd,
          ...(portVariable === undefined ? {} : { portVariable }),
        }),
      (instance) => instance.stop(),
    );

  // Before anything is started or written.
  await assertStackPossible(env);
  const connectors = await provideConnectors(folder.connectorsFile, env);
  const connector = connectors.chosen;
  const [stack, astrolabe] = await Promise.all([
    owned.start(
      stages.stack,
      () =>
        startLocalStack({
          env,
          onProgress,
          // A stack of somebody else keeps its data by itself.
          ...(folder.isKept ? { dataDir: folder.path } : {}),
        }),
      (started) => started.stop(),
    ),
    step('starting the reference API', () =>
      startInstance(
        stages.astrolabe,
        'astrolabe-api',
        'astrolabe',
        {
          ASTROLABE_API_KEYS: connectors.all.map(({ id, apiKey }) => `${id}=${apiKey}`).join(','),
          ASTROLABE_API_DATABASE: folder.astrolabeDatabase,
          ASTROLABE_API_CONTROL: 'true',
        },
        'ASTROLABE_API_PORT',
      ),
    ),
  ]);

  const { kafkaBrokers, schemaRegistryUrl } = stack;
  const shared = sharedEnvironment({
    env,
    kafkaBrokers,
    schemaRegistryUrl,
    isExternal: stack.kind === 'external',
    topicPrefix,
  });
  await step('creating topics and schemas', () =>
    Promise.all([
      applyContracts('topics', {
        ...shared.machine,
        ...shared.kafka,
        KAFKA_REPLICATION_FACTOR: env.KAFKA_REPLICATION_FACTOR || LOCAL_REPLICATION_FACTOR,
      }),
      applyContracts('schemas', {
        ...shared.machine,
        ...shared.schemaRegistry,
        KAFKA_TOPIC_PREFIX: topicPrefix,
      }),
    ]),
  );

  const own: Readonly<Record<ServiceName, Variables>> = {
    ingest: { ...shared.kafka, CONNECTORS_FILE: folder.connectorsFile },
    mapper: { ...shared.kafka, ...shared.schemaRegistry, CONNECTORS_FILE: folder.connectorsFile },
    dispatcher: {
      ...shared.kafka,
      ...shared.schemaRegistry,
      CONNECTORS_FILE: folder.connectorsFile,
      DISPATCHER_API_URL: astrolabe.process.url,
    },
  };
  const startService = (service: ServiceName): Promise<readonly [ServiceInstance, ...ServiceInstance[]]> =>
    step(`starting ${service}`, async () => {
      const names = Array.from({ length: instances[service] ?? 1 }, (_, index) =>
        index === 0 ? service : `${service}-${index + 1}`,
      );
      const [first, ...others] = await Promise.all(
        names.map((name) =>
          startInstance(
            stages.services,
            name,
            service,
            // The copy of the delivery ledger is for one process.
            service === 'dispatcher'
              ? { ...own.dispatcher, DISPATCHER_LEDGER_DIRECTORY: join(folder.ledgers, name) }
              : own[service],
            service === 'ingest' ? 'INGEST_PORT' : undefined,
          ),
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
  signal?.throwIfAborted();

  const config = readConfig(kafkaAndRegistry, { ...shared.kafka, ...shared.schemaRegistry });
  return {
    get addresses() {
      return {
        ingest: ingest[0].process.url,
        astrolabe: astrolabe.process.url,
        kafka: kafkaBrokers,
        schemaRegistry: schemaRegistryUrl,
        metrics: {
          ingest: ingest[0].metricsUrl,
          mapper: mapper[0].metricsUrl,
          dispatcher: dispatcher[0].metricsUrl,
        },
        apiKey: connector.apiKey,
        connector: connector.id,
      };
    },
    connector,
    stack,
    folder,
    topics: topicsFor(topicPrefix),
    groups: {
      mapper: topicPrefix + (variables.mapper?.['MAPPER_GROUP_ID'] ?? 'astrolabe.mapper'),
      dispatcher: topicPrefix + (variables.dispatcher?.['DISPATCHER_GROUP_ID'] ?? 'astrolabe.dispatcher'),
    },
    services: { ingest, mapper, dispatcher },
    astrolabe,
    kafka: connectionFromConfig(config, 'local', createLogger({ name: 'local', level: 'silent' })),
    schemaRegistry: commandSchemasIn(schemaRegistryFromConfig(config)),
    close: () => owned.close(),
  };
}
