import { configSections, configValues, defineConfig, kafkaConsumerRules, type ConfigOf } from '@astrolabe/service-kit';
import { tracingRules, tracingVariables } from '@astrolabe/tracing';

export const mapperConfig = defineConfig(
  {
    ...configSections.kafka,
    ...configSections.kafkaConsumer,
    ...configSections.schemaRegistry,
    ...tracingVariables,
    logLevel: configSections.process.logLevel,
    adminHost: configSections.process.adminHost,
    adminPort: configSections.process.adminPort,
    adminAllowedHosts: configSections.process.adminAllowedHosts,
    shutdownTimeoutMs: configSections.process.shutdownTimeoutMs,
    connectorsFile: configSections.process.connectorsFile,
    groupId: {
      env: 'MAPPER_GROUP_ID',
      schema: configValues.text('the name of a consumer group'),
      default: 'astrolabe.mapper',
      description:
        'Consumer group of all mapper instances, prefixed with KAFKA_TOPIC_PREFIX. A new name reads from the start.',
    },
    guarantee: {
      env: 'MAPPER_GUARANTEE',
      schema: configValues.oneOf(['exactly-once', 'at-least-once']),
      default: 'exactly-once',
      description:
        'exactly-once: commands, state and position of a batch are one transaction. at-least-once: no transactions and some milliseconds less for each event, but after a crash commands may be on the topic twice, with the same ids.',
    },
    maxBatchRecords: {
      env: 'MAPPER_MAX_BATCH_RECORDS',
      schema: configValues.integer({ min: 1, max: 10_000 }),
      default: 1_000,
      description:
        'Maximum events mapped, produced and committed together. A higher value is faster under load and repeats more after a crash.',
    },
    maxBufferedRecords: {
      env: 'MAPPER_MAX_BUFFERED_RECORDS',
      schema: configValues.integer({ min: 1, max: 100_000 }),
      default: 4_000,
      description: 'Events in memory for each partition at which reading pauses.',
    },
    maxBufferedBytes: {
      env: 'MAPPER_MAX_BUFFERED_BYTES',
      schema: configValues.integer({ min: 1_048_576, max: 1_073_741_824 }),
      default: 8_388_608,
      description: 'Bytes in memory for each partition at which reading pauses.',
    },
    maxUsersPerConnector: {
      env: 'MAPPER_MAX_USERS_PER_CONNECTOR',
      schema: configValues.integer({ min: 1, max: 10_000_000 }),
      default: 100_000,
      description:
        'Users of a connector that the mapper remembers on a partition: deleted users, and, where free email is blocked, where each address is. Beyond it, newer addresses replace older ones; a deletion that finds only deletions is dead-lettered as mapper.state-full.',
    },
  },
  { prefix: 'MAPPER_', rules: [...kafkaConsumerRules, ...tracingRules] },
);

export type MapperConfig = ConfigOf<typeof mapperConfig>;
