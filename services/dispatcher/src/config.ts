import { configSections, configValues, defineConfig, type ConfigOf } from '@astrolabe/service-kit';

const HOUR_MS = 3_600_000;

export const dispatcherConfig = defineConfig(
  {
    ...configSections.kafka,
    ...configSections.kafkaConsumer,
    ...configSections.schemaRegistry,
    ...configSections.process,
    groupId: {
      env: 'DISPATCHER_GROUP_ID',
      schema: configValues.text('the name of a consumer group'),
      default: 'astrolabe.dispatcher',
      description: 'Consumer group of all dispatcher instances; KAFKA_TOPIC_PREFIX is put before it.',
    },
    apiUrl: {
      env: 'DISPATCHER_API_URL',
      schema: configValues.httpUrl(),
      description: "Base URL of the Astrolabe API, with the path's prefix if it has one.",
    },
    apiTimeoutMs: {
      env: 'DISPATCHER_API_TIMEOUT_MS',
      schema: configValues.integer({ min: 100, max: 120_000 }),
      default: 10_000,
      description: 'Time for a call, in milliseconds. One that takes longer is repeated with the same idempotency key.',
    },
    maxConcurrentCalls: {
      env: 'DISPATCHER_MAX_CONCURRENT_CALLS',
      schema: configValues.integer({ min: 1, max: 1_024 }),
      default: 64,
      description: 'Calls in flight at most for each connector.',
    },
    retryBaseMs: {
      env: 'DISPATCHER_RETRY_BASE_MS',
      schema: configValues.integer({ min: 1, max: 60_000 }),
      default: 200,
      description: 'Upper bound of the first pause before a repetition, in milliseconds; it doubles with each.',
    },
    retryMaxMs: {
      env: 'DISPATCHER_RETRY_MAX_MS',
      schema: configValues.integer({ min: 1, max: HOUR_MS }),
      default: 30_000,
      description: 'Upper bound of every pause that the API did not ask for, in milliseconds.',
    },
    retryBudgetMs: {
      env: 'DISPATCHER_RETRY_BUDGET_MS',
      schema: configValues.integer({ min: 0, max: 7 * 24 * HOUR_MS }),
      default: 4 * HOUR_MS,
      description:
        'How long a command is repeated before it is dead-lettered, in milliseconds. The default is what Segment does.',
    },
    haltMs: {
      env: 'DISPATCHER_HALT_MS',
      schema: configValues.integer({ min: 100, max: HOUR_MS }),
      default: 5_000,
      description: 'Pause before a key that the API refused is tried again, in milliseconds.',
    },
    maxBufferedRecords: {
      env: 'DISPATCHER_MAX_BUFFERED_RECORDS',
      schema: configValues.integer({ min: 1, max: 100_000 }),
      default: 2_000,
      description:
        'Commands in memory for each partition at which reading it pauses. More keys in parallel, more repeated after a crash.',
    },
    maxBufferedBytes: {
      env: 'DISPATCHER_MAX_BUFFERED_BYTES',
      schema: configValues.integer({ min: 1_048_576, max: 1_073_741_824 }),
      default: 16_777_216,
      description: 'Bytes in memory for each partition at which reading it pauses.',
    },
  },
  { prefix: 'DISPATCHER_' },
);

export type DispatcherConfig = ConfigOf<typeof dispatcherConfig>;
