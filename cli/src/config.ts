import { configSections, configValues, defineConfig, type ConfigOf } from '@astrolabe/service-kit';

/** The services' own variables: an operator's shell and a service's environment are the same. */
const logLevel = { ...configSections.process.logLevel, default: 'error' as const };

export const topicsConfig = defineConfig({
  ...configSections.kafka,
  logLevel,
  replicationFactor: {
    env: 'KAFKA_REPLICATION_FACTOR',
    schema: configValues.integer({ min: 1, max: 15 }),
    default: 3,
    description: 'Replicas of each new topic. With 3 and more, two must acknowledge; 1 is for a cluster of one broker.',
  },
});

export const schemasConfig = defineConfig({
  ...configSections.schemaRegistry,
  kafkaTopicPrefix: configSections.kafka.kafkaTopicPrefix,
});

export type TopicsConfig = ConfigOf<typeof topicsConfig>;
export type SchemasConfig = ConfigOf<typeof schemasConfig>;
