/** The environments of the pipeline's processes. */
import { machineEnvironment } from '@astrolabe/testkit';

/** How to log in to a Kafka and a registry that belong to somebody else. */
const CREDENTIALS = [
  'KAFKA_SSL',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'SCHEMA_REGISTRY_USERNAME',
  'SCHEMA_REGISTRY_PASSWORD',
] as const;

export type Variables = Readonly<Record<string, string>>;

export interface SharedEnvironmentOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
  /** Whether credentials of `env` are for this stack. */
  readonly isExternal: boolean;
  readonly topicPrefix: string;
}

export interface SharedEnvironment {
  readonly kafka: Variables;
  readonly schemaRegistry: Variables;
  readonly machine: Variables;
}

export function sharedEnvironment(options: SharedEnvironmentOptions): SharedEnvironment {
  const { env, kafkaBrokers, schemaRegistryUrl, isExternal, topicPrefix } = options;
  const credentials = isExternal ? pick(env, CREDENTIALS) : {};
  const of = (section: string): Variables =>
    Object.fromEntries(Object.entries(credentials).filter(([name]) => name.startsWith(section)));
  return {
    kafka: { KAFKA_BROKERS: kafkaBrokers, KAFKA_TOPIC_PREFIX: topicPrefix, ...of('KAFKA_') },
    schemaRegistry: { SCHEMA_REGISTRY_URL: schemaRegistryUrl, ...of('SCHEMA_REGISTRY_') },
    machine: machineEnvironment(env),
  };
}

export interface ConsoleEnvironmentOptions {
  readonly shared: SharedEnvironment;
  readonly connectorsFile: string;
  /** Base URL that takes events. */
  readonly ingestUrl: string;
  /** Base URL of the Astrolabe API. */
  readonly apiUrl: string;
  /** Of every instance of the services. */
  readonly adminUrls: readonly string[];
  /** What the services are configured with beyond the pipeline's own, by service. */
  readonly services: Readonly<Partial<Record<'mapper' | 'dispatcher', Variables>>>;
  /** Replicas that topics are created with. */
  readonly replicationFactor: number;
}

/** Settings of the services that the console has to know too. */
const ALSO_OF_CONSOLE = ['MAPPER_GROUP_ID', 'DISPATCHER_GROUP_ID', 'DISPATCHER_LEDGER_WINDOW_HOURS'] as const;

/** A console in which everybody at this machine may do everything: it listens on loopback only. */
export function consoleEnvironment(options: ConsoleEnvironmentOptions): Variables {
  const { shared, connectorsFile, ingestUrl, apiUrl, adminUrls, services, replicationFactor } = options;
  return {
    ...shared.kafka,
    ...shared.schemaRegistry,
    ...pick({ ...services.mapper, ...services.dispatcher }, ALSO_OF_CONSOLE),
    CONNECTORS_FILE: connectorsFile,
    KAFKA_REPLICATION_FACTOR: String(replicationFactor),
    DISPATCHER_API_URL: apiUrl,
    CONSOLE_LOGIN: 'none',
    CONSOLE_ROLES: '*=admin',
    CONSOLE_SERVICE_URLS: adminUrls.join(','),
    CONSOLE_INGEST_URL: ingestUrl,
  };
}

const TRACING_SWITCH = 'OTEL_TRACES_EXPORTER';

/**
 * What of a shell traces the services: all of OpenTelemetry's variables (`OTEL_*`), but only where
 * `OTEL_TRACES_EXPORTER` is set. A shell has others for other programs, which may mean what these processes refuse. Not
 * the name of a service: here there are three.
 */
export function tracingVariables(env: NodeJS.ProcessEnv): Variables {
  if ((env[TRACING_SWITCH] ?? '') === '') return {};
  const names = Object.keys(env).filter((name) => name.startsWith('OTEL_') && name !== 'OTEL_SERVICE_NAME');
  return pick(env, names);
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Variables {
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
