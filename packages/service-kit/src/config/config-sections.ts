import { configValues } from './config-values.ts';
import { defineVariables } from './config.ts';
import { logLevels } from '../logs/logger.ts';

/** Groups of settings that several processes share, to be spread into `defineConfig`. */
export const configSections = {
  kafka: defineVariables({
    kafkaBrokers: {
      env: 'KAFKA_BROKERS',
      schema: configValues.hostPorts(),
      description: 'Brokers to connect to first. Name two or more, so that one may be down.',
    },
    kafkaClientId: {
      env: 'KAFKA_CLIENT_ID',
      schema: configValues.text(),
      default: 'astrolabe',
      description: "Name of this client in the brokers' logs, metrics and quotas.",
    },
    kafkaTopicPrefix: {
      env: 'KAFKA_TOPIC_PREFIX',
      schema: configValues.topicPrefix(),
      default: '',
      description:
        'Put before every topic name. Several pipelines can share a cluster; all services of one need the same.',
    },
    kafkaSsl: {
      env: 'KAFKA_SSL',
      schema: configValues.boolean(),
      default: false,
      description:
        'Encrypt connections to the brokers with TLS. Without it, credentials and events travel in the clear.',
    },
    kafkaSaslMechanism: {
      env: 'KAFKA_SASL_MECHANISM',
      schema: configValues.oneOf(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
      togetherWith: ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
      description: 'How to log in to the brokers. Set it with the user name and the password, or none of the three.',
    },
    kafkaSaslUsername: {
      env: 'KAFKA_SASL_USERNAME',
      schema: configValues.text().optional(),
      togetherWith: ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_PASSWORD'],
      description: 'User name at the brokers.',
    },
    kafkaSaslPassword: {
      env: 'KAFKA_SASL_PASSWORD',
      schema: configValues.text().optional(),
      secret: true,
      togetherWith: ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME'],
      description: 'Password at the brokers.',
    },
  }),

  /** For services that are members of a consumer group. */
  kafkaConsumer: defineVariables({
    kafkaSessionTimeoutMs: {
      env: 'KAFKA_SESSION_TIMEOUT_MS',
      schema: configValues.integer({ min: 6_000, max: 300_000 }),
      default: 10_000,
      description:
        'After this silence, in milliseconds, the group gives up an instance and its partitions move on: how long they rest after a crash. Shorter mistakes a long pause for a crash. The brokers bound it (group.min.session.timeout.ms).',
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
      description: 'User name at the registry. Set it with the password, or neither.',
    },
    schemaRegistryPassword: {
      env: 'SCHEMA_REGISTRY_PASSWORD',
      schema: configValues.text().optional(),
      secret: true,
      togetherWith: ['SCHEMA_REGISTRY_USERNAME'],
      description: 'Password at the registry.',
    },
  }),

  process: defineVariables({
    logLevel: {
      env: 'LOG_LEVEL',
      schema: configValues.oneOf(logLevels),
      default: 'info',
      description: 'The least severe level that is logged. Normal operation logs nothing above debug for each event.',
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
      description: 'Port of the same. The address in use is logged at start.',
    },
    adminAllowedHosts: {
      env: 'ADMIN_ALLOWED_HOSTS',
      schema: configValues.hostNames().optional(),
      description:
        'Host names by which the same may be asked for, such as a Kubernetes service that Prometheus scrapes by name. IP addresses, localhost and ADMIN_HOST always work; any other name is answered 421, so that no web page can read it through a browser.',
    },
    shutdownTimeoutMs: {
      env: 'SHUTDOWN_TIMEOUT_MS',
      schema: configValues.integer({ min: 100, max: 600_000 }),
      default: 20_000,
      description:
        'Time for finishing what is under way after SIGTERM, in milliseconds. Keep it below the grace period of the platform.',
    },
    connectorsFile: {
      env: 'CONNECTORS_FILE',
      schema: configValues.text('the path of a file'),
      default: 'connectors.json',
      description: 'Connectors and their keys; the format is schemas/connectors.schema.json.',
    },
  }),
} as const;
