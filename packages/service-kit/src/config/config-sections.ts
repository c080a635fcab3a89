import { configValues } from './config-values.ts';
import { defineVariables, type ConfigRule } from './config.ts';
import { kafkaVariables } from './kafka-variables.ts';
import { logLevels } from '../logs/logger.ts';
import { tlsVariables } from '../tls/tls-variables.ts';

/** Groups of settings that several processes share, to be spread into `defineConfig`. */
export const configSections = {
  kafka: defineVariables(kafkaVariables),

  /** For programs that look at the services' consumer groups without being members. */
  serviceGroups: defineVariables({
    mapperGroupId: {
      env: 'MAPPER_GROUP_ID',
      schema: configValues.text('the name of a consumer group'),
      default: 'astrolabe.mapper',
      description: "The mapper's.",
    },
    dispatcherGroupId: {
      env: 'DISPATCHER_GROUP_ID',
      schema: configValues.text('the name of a consumer group'),
      default: 'astrolabe.dispatcher',
      description: "The dispatcher's.",
    },
  }),

  /** For services that are members of a consumer group. */
  kafkaConsumer: defineVariables({
    kafkaSessionTimeoutMs: {
      env: 'KAFKA_SESSION_TIMEOUT_MS',
      schema: configValues.integer({ min: 6_000, max: 300_000 }),
      default: 10_000,
      description:
        'After this silence, in milliseconds, the group removes an instance and reassigns its partitions. Too short a value takes a long pause for a crash; the brokers bound it (group.min.session.timeout.ms).',
    },
    kafkaHeartbeatIntervalMs: {
      env: 'KAFKA_HEARTBEAT_INTERVAL_MS',
      schema: configValues.integer({ min: 100, max: 100_000 }),
      default: 500,
      description:
        'How often an instance tells its group that it lives, in milliseconds, and so how soon it hears that another joins. At most a third of KAFKA_SESSION_TIMEOUT_MS.',
    },
    kafkaGroupInstanceId: {
      env: 'KAFKA_GROUP_INSTANCE_ID',
      schema: configValues.groupInstanceId().optional(),
      description:
        'Unique name of this instance in its group (group.instance.id), kept across restarts, such as the name of a StatefulSet pod. Killed and started again within KAFKA_SESSION_TIMEOUT_MS, the instance has its partitions back at once.',
    },
  }),

  schemaRegistry: defineVariables({
    schemaRegistryUrl: {
      env: 'SCHEMA_REGISTRY_URL',
      schema: configValues.httpUrl(),
      description: 'Schema registry with the Confluent API.',
    },
    schemaRegistryUsername: {
      env: 'SCHEMA_REGISTRY_USERNAME',
      schema: configValues.text().optional(),
      togetherWith: ['SCHEMA_REGISTRY_PASSWORD'],
      description: 'User name for the registry. Set it with the password, or set neither.',
    },
    schemaRegistryPassword: {
      env: 'SCHEMA_REGISTRY_PASSWORD',
      schema: configValues.liveText('text').optional(),
      secret: true,
      orFile: true,
      togetherWith: ['SCHEMA_REGISTRY_USERNAME'],
      description: 'Password for the registry.',
    },
    ...tlsVariables({
      peer: 'schemaRegistry',
      prefix: 'SCHEMA_REGISTRY',
      whom: 'the registry',
      onlyWith: { env: 'SCHEMA_REGISTRY_URL', matches: /^https:/i, expected: 'an https URL' },
    }),
  }),

  /** Of the Astrolabe API. */
  apiTls: defineVariables(
    tlsVariables({
      peer: 'api',
      prefix: 'DISPATCHER_API',
      whom: 'the API',
      onlyWith: { env: 'DISPATCHER_API_URL', matches: /^https:/i, expected: 'an https URL' },
    }),
  ),

  process: defineVariables({
    logLevel: {
      env: 'LOG_LEVEL',
      schema: configValues.oneOf(logLevels),
      default: 'info',
      description: 'Least severe level that is logged. Normal operation logs nothing above debug for each event.',
    },
    adminHost: {
      env: 'ADMIN_HOST',
      schema: configValues.text('a host name or an IP address'),
      default: '127.0.0.1',
      description: 'Address that serves /livez, /readyz and /metrics. They have no authentication: keep it internal.',
    },
    adminPort: {
      env: 'ADMIN_PORT',
      schema: configValues.port(),
      default: 0,
      description: 'Port of the admin address. The address in use is logged at start.',
    },
    adminAllowedHosts: {
      env: 'ADMIN_ALLOWED_HOSTS',
      schema: configValues.hostNames().optional(),
      description:
        'Additional host names that admin requests may use, such as a Kubernetes service that Prometheus scrapes by name. IP addresses, localhost and ADMIN_HOST always work; any other name is answered 421, so that web pages cannot read the admin address through a browser.',
    },
    shutdownTimeoutMs: {
      env: 'SHUTDOWN_TIMEOUT_MS',
      schema: configValues.integer({ min: 100, max: 600_000 }),
      default: 20_000,
      description:
        "Time to finish work in progress after SIGTERM, in milliseconds. Keep it below the platform's grace period.",
    },
    connectorsFile: {
      env: 'CONNECTORS_FILE',
      schema: configValues.text('the path of a file'),
      default: 'connectors.json',
      description: 'Connectors and their keys, in the format of schemas/connectors.schema.json.',
    },
  }),
} as const;

/** Kafka's own advice: two heartbeats may be lost before an instance counts as gone. */
const HEARTBEATS_A_SESSION = 3;

/** For services with `configSections.kafkaConsumer`. */
export const kafkaConsumerRules: readonly ConfigRule<{
  readonly kafkaSessionTimeoutMs: number;
  readonly kafkaHeartbeatIntervalMs: number;
}>[] = [
  {
    env: 'KAFKA_HEARTBEAT_INTERVAL_MS',
    check: ({ kafkaSessionTimeoutMs, kafkaHeartbeatIntervalMs }) =>
      kafkaHeartbeatIntervalMs * HEARTBEATS_A_SESSION <= kafkaSessionTimeoutMs
        ? undefined
        : 'at most a third of KAFKA_SESSION_TIMEOUT_MS, or one slow heartbeat removes the instance from its group',
  },
];
