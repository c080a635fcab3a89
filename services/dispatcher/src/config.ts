import { configSections, configValues, defineConfig, kafkaConsumerRules, type ConfigOf } from '@astrolabe/service-kit';

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
      description: 'Consumer group of all dispatcher instances, prefixed with KAFKA_TOPIC_PREFIX.',
    },
    apiUrl: {
      env: 'DISPATCHER_API_URL',
      schema: configValues.httpUrl(),
      description: "Base URL of the Astrolabe API, with the path's prefix if it has one.",
    },
    ...configSections.apiTls,
    apiTimeoutMs: {
      env: 'DISPATCHER_API_TIMEOUT_MS',
      schema: configValues.integer({ min: 100, max: 120_000 }),
      default: 10_000,
      description:
        'Time-out of a call, in milliseconds. A call that takes longer is repeated with the same idempotency key.',
    },
    maxConcurrentCalls: {
      env: 'DISPATCHER_MAX_CONCURRENT_CALLS',
      schema: configValues.integer({ min: 1, max: 4_096 }),
      default: 256,
      description:
        "Maximum calls in flight for a connector from this instance, unless it has a maxConcurrentCalls of its own, which holds over all instances. The actual limit follows the API's latency, so that calls do not queue inside the API.",
    },
    minConcurrentCalls: {
      env: 'DISPATCHER_MIN_CONCURRENT_CALLS',
      schema: configValues.integer({ min: 1, max: 1_024 }),
      default: 4,
      description:
        'Calls in flight that a connector may always have, however slow its API is and whatever other connectors do.',
    },
    maxCalls: {
      env: 'DISPATCHER_MAX_CALLS',
      schema: configValues.integer({ min: 1, max: 65_536 }),
      default: 1_024,
      description:
        'Calls in flight of all connectors together. A connector alone has half of them at most, so that there is room for the next.',
    },
    callsPerSecond: {
      env: 'DISPATCHER_CALLS_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 1_000_000 }),
      default: 0,
      description:
        'Maximum calls per second for a connector, from all instances together; each takes the share of the partitions that it owns. 0 means unlimited.',
    },
    bulk: {
      env: 'DISPATCHER_BULK',
      schema: configValues.boolean(),
      default: false,
      description:
        'Whether commands that are ready together share a call, POST /v1/commands; a connector can override it. If the API does not offer bulk calls, the dispatcher makes single calls.',
    },
    bulkMaxCommands: {
      env: 'DISPATCHER_BULK_MAX_COMMANDS',
      schema: configValues.integer({ min: 2, max: 1_000 }),
      default: 100,
      description: 'Maximum commands in a bulk call.',
    },
    bulkMaxBytes: {
      env: 'DISPATCHER_BULK_MAX_BYTES',
      schema: configValues.integer({ min: 1_000, max: 8_000_000 }),
      default: 500_000,
      description: 'Maximum bytes of a bulk call. A larger command is sent alone.',
    },
    bulkLingerMs: {
      env: 'DISPATCHER_BULK_LINGER_MS',
      schema: configValues.integer({ min: 0, max: 1_000 }),
      default: 5,
      description: 'How long a command waits for others to share its call, in milliseconds.',
    },
    circuitFailures: {
      env: 'DISPATCHER_CIRCUIT_FAILURES',
      schema: configValues.integer({ min: 1, max: 10_000 }),
      default: 10,
      description:
        'Consecutive failures of a connector that open its circuit: its commands then wait, and only probes are sent.',
    },
    circuitPauseMs: {
      env: 'DISPATCHER_CIRCUIT_PAUSE_MS',
      schema: configValues.integer({ min: 10, max: HOUR_MS }),
      default: 1_000,
      description: 'Pause before the first probe, in milliseconds. It doubles with each probe that fails.',
    },
    circuitMaxPauseMs: {
      env: 'DISPATCHER_CIRCUIT_MAX_PAUSE_MS',
      schema: configValues.integer({ min: 10, max: HOUR_MS }),
      default: 30_000,
      description: 'Maximum pause before a probe, in milliseconds.',
    },
    retryBaseMs: {
      env: 'DISPATCHER_RETRY_BASE_MS',
      schema: configValues.integer({ min: 1, max: 60_000 }),
      default: 200,
      description: 'Upper bound of the pause before the first retry, in milliseconds. It doubles with each retry.',
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
        "How long a command is retried before it is dead-lettered, in milliseconds. The default matches Segment's.",
    },
    haltMs: {
      env: 'DISPATCHER_HALT_MS',
      schema: configValues.integer({ min: 100, max: HOUR_MS }),
      default: 5_000,
      description:
        'Pause before a refused key is tried again, in milliseconds. It doubles up to DISPATCHER_HALT_MAX_MS.',
    },
    haltMaxMs: {
      env: 'DISPATCHER_HALT_MAX_MS',
      schema: configValues.integer({ min: 100, max: HOUR_MS }),
      default: 60_000,
      description:
        'Maximum pause before a refused key is tried again, in milliseconds. An edited key is tried at once.',
    },
    lagAfterMs: {
      env: 'DISPATCHER_LAG_AFTER_MS',
      schema: configValues.integer({ min: 100, max: HOUR_MS }),
      default: 30_000,
      description:
        "How long a command may hold back its partition's offset, in milliseconds. After that its connector lags and is read separately.",
    },
    lagWindowRecords: {
      env: 'DISPATCHER_LAG_WINDOW_RECORDS',
      schema: configValues.integer({ min: 1, max: 100_000 }),
      default: 128,
      description:
        'Commands in memory for each partition of a lagging connector, when many lag. When few lag, they share DISPATCHER_MAX_BUFFERED_RECORDS.',
    },
    ledgerDirectory: {
      env: 'DISPATCHER_LEDGER_DIRECTORY',
      schema: configValues.text('the path of a folder'),
      default: '/tmp/astrolabe-ledger',
      description:
        "Directory of the delivery ledger's local copy. If it is lost, the next start takes longer: it reads the copy from Kafka again.",
    },
    ledgerWindowHours: {
      env: 'DISPATCHER_LEDGER_WINDOW_HOURS',
      schema: configValues.integer({ min: 1, max: 24 * 365 }),
      default: 48,
      description: 'How long a delivery is remembered, in hours. A command read again within that time makes no call.',
    },
    maxBufferedRecords: {
      env: 'DISPATCHER_MAX_BUFFERED_RECORDS',
      schema: configValues.integer({ min: 1, max: 100_000 }),
      default: 2_000,
      description:
        'Commands in memory for each partition at which the connector with the most of them is read separately. A higher value works on more keys in parallel and repeats more after a crash.',
    },
    maxBufferedBytes: {
      env: 'DISPATCHER_MAX_BUFFERED_BYTES',
      schema: configValues.integer({ min: 1_048_576, max: 1_073_741_824 }),
      default: 16_777_216,
      description:
        'Bytes in memory for each partition at which the connector with the most of them is read separately.',
    },
  },
  { prefix: 'DISPATCHER_', rules: kafkaConsumerRules },
);

export type DispatcherConfig = ConfigOf<typeof dispatcherConfig>;
