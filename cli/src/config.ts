import { DEFAULT_PARTITIONS } from '@astrolabe/records';
import { configSections, configValues, defineConfig, type ConfigOf } from '@astrolabe/service-kit';

/** The services' own variables: an operator's shell and a service's environment are the same. */
const logLevel = { ...configSections.process.logLevel, default: 'error' as const };

export const topicsConfig = defineConfig({
  ...configSections.kafka,
  logLevel,
  partitions: {
    env: 'KAFKA_PARTITIONS',
    schema: configValues.integer({ min: 1, max: 10_000 }),
    default: DEFAULT_PARTITIONS,
    description:
      'Partitions of each new topic, and so the most instances of a service. Choose once: topics that hold records get no more.',
  },
  replicationFactor: {
    env: 'KAFKA_REPLICATION_FACTOR',
    schema: configValues.integer({ min: 1, max: 15 }),
    default: 3,
    description: 'Replicas of each new topic. With 3 or more, two must acknowledge; 1 is for a cluster of one broker.',
  },
});

export const schemasConfig = defineConfig({
  ...configSections.schemaRegistry,
  kafkaTopicPrefix: configSections.kafka.kafkaTopicPrefix,
});

export const operatorConfig = defineConfig({
  operator: {
    env: 'ASTROLABE_OPERATOR',
    schema: configValues.text('a name').optional(),
    description: 'Who changes something, for the audit. Default: the user of the operating system.',
  },
});

export const clusterConfig = defineConfig({ ...configSections.kafka, logLevel });

export const clusterAndRegistryConfig = defineConfig({
  ...configSections.kafka,
  ...configSections.schemaRegistry,
  logLevel,
});

export const connectorsConfig = defineConfig({
  connectorsFile: configSections.process.connectorsFile,
  apiUrl: {
    env: 'DISPATCHER_API_URL',
    schema: configValues.httpUrl().optional(),
    description: "Base URL of the Astrolabe API, the same as the dispatcher's; keys are checked there.",
  },
  ...configSections.apiTls,
  ingestHost: {
    env: 'INGEST_HOST',
    schema: configValues.text('a host name or an IP address'),
    default: '127.0.0.1',
    description: "The same as ingest's; used in instructions that are printed.",
  },
  ingestPort: {
    env: 'INGEST_PORT',
    schema: configValues.port(),
    default: 3100,
    description: "The same as ingest's; used in instructions that are printed.",
  },
});

export const backfillConfig = defineConfig({
  ...configSections.kafka,
  logLevel,
  connectorsFile: configSections.process.connectorsFile,
});

/** What the names of topics, groups and transactional ids are made of. */
export const aclsConfig = defineConfig({
  kafkaTopicPrefix: configSections.kafka.kafkaTopicPrefix,
  ...configSections.serviceGroups,
});

/** Names of the services' consumer groups, whose lag is shown. */
export const lagConfig = defineConfig({ ...configSections.kafka, logLevel, ...configSections.serviceGroups });

const ledgerWindowHours = {
  env: 'DISPATCHER_LEDGER_WINDOW_HOURS',
  schema: configValues.integer({ min: 1, max: 24 * 365 }),
  default: 48,
  description:
    "The dispatcher's: how long a delivery is known, in hours; what was delivered earlier is delivered again.",
} as const;

export const replayConfig = defineConfig({ ...configSections.kafka, logLevel, ledgerWindowHours });

export const ledgerConfig = defineConfig({
  ledgerDirectory: {
    env: 'DISPATCHER_LEDGER_DIRECTORY',
    schema: configValues.text('the path of a folder'),
    default: '/tmp/astrolabe-ledger',
    description: "The dispatcher's: where the copy of the delivery ledger is.",
  },
  ledgerWindowHours,
});

export type TopicsConfig = ConfigOf<typeof topicsConfig>;
export type SchemasConfig = ConfigOf<typeof schemasConfig>;
export type ClusterConfig = ConfigOf<typeof clusterConfig>;
export type ClusterAndRegistryConfig = ConfigOf<typeof clusterAndRegistryConfig>;
export type ConnectorsConfig = ConfigOf<typeof connectorsConfig>;
export type BackfillConfig = ConfigOf<typeof backfillConfig>;
export type LagConfig = ConfigOf<typeof lagConfig>;
export type ReplayConfig = ConfigOf<typeof replayConfig>;
