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

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Variables {
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
