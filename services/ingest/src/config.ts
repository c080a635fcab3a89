import { configSections, configValues, defineConfig, type ConfigOf } from '@astrolabe/service-kit';
import { tracingRules, tracingVariables } from '@astrolabe/tracing';
import { maxRequestBytes, maxSharedBytes } from '@astrolabe/segment';

/**
 * A request is parsed as one text. For a moment that takes up to 30 times its size of memory. An event larger than a
 * record is refused however large a request may be, and its dead letter is cut.
 */
const LARGEST_BODY_BYTES = 16_777_216;

export const ingestConfig = defineConfig(
  {
    ...configSections.process,
    ...configSections.kafka,
    ...tracingVariables,
    host: {
      env: 'INGEST_HOST',
      schema: configValues.text('a host name or an IP address'),
      default: '127.0.0.1',
      description: 'Address that accepts events. 0.0.0.0 opens it to the network; put TLS in front of it.',
    },
    port: {
      env: 'INGEST_PORT',
      schema: configValues.port(),
      default: 3100,
      description: 'Port that accepts events. The address in use is logged at start.',
    },
    trustedProxies: {
      env: 'INGEST_TRUSTED_PROXIES',
      schema: configValues.integer({ min: 0, max: 10 }),
      default: 0,
      description:
        'Number of reverse proxies in front, whose X-Forwarded-For and X-Forwarded-Proto are trusted. Too high a number lets clients forge their address.',
    },
    publicUrl: {
      env: 'INGEST_PUBLIC_URL',
      schema: configValues.httpUrl().optional(),
      description:
        "URL by which clients reach this service, with its path prefix if it has one; SDK settings name it. Without it, SDK settings name the request's own host, and https unless a trusted proxy says otherwise.",
    },
    maxConnections: {
      env: 'INGEST_MAX_CONNECTIONS',
      schema: configValues.integer({ min: 16, max: 1_000_000 }),
      default: 10_000,
      description:
        'Connections open at a time, about 10 KB each; never more than the limit of open files (ulimit -n) less 80. One more closes the connection that has been idle longest, or is refused if none is idle.',
    },
    maxConnectionsPerClient: {
      env: 'INGEST_MAX_CONNECTIONS_PER_CLIENT',
      schema: configValues.integer({ min: 1, max: 1_000_000 }).optional(),
      description:
        'Connections open at a time from one IPv4 address or one IPv6 /64 network; by default half of INGEST_MAX_CONNECTIONS. Not applied with INGEST_TRUSTED_PROXIES, where all connections come from the proxy.',
    },
    maxBodyBytes: {
      env: 'INGEST_MAX_BODY_BYTES',
      schema: configValues.integer({ min: 1024, max: LARGEST_BODY_BYTES }),
      default: maxRequestBytes,
      description:
        "Largest request body before inflating. Independent of the brokers' message.max.bytes, because each event is a record of its own.",
    },
    maxInflatedBytes: {
      env: 'INGEST_MAX_INFLATED_BYTES',
      schema: configValues.integer({ min: 1024, max: LARGEST_BODY_BYTES }),
      default: maxRequestBytes,
      description:
        'Largest request body after inflating gzip or deflate; at least INGEST_MAX_BODY_BYTES. While a body above 64 KiB is read, by a thread of its own, others above 64 KiB wait.',
    },
    maxInFlightBytes: {
      env: 'INGEST_MAX_IN_FLIGHT_BYTES',
      schema: configValues.integer({ min: 1_000_000, max: 100_000_000_000 }),
      default: 67_108_864,
      description:
        'Bytes of bodies that may be read or await acknowledgement at a time; beyond it, senders are answered 503. The process needs about five times as much memory.',
    },
    connectorEventsPerSecond: {
      env: 'INGEST_CONNECTOR_EVENTS_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 1_000_000 }),
      default: 10_000,
      description:
        "Sustained events per second from a connector, unless it has its own rateLimit, over all INGEST_INSTANCES; beyond it, senders are answered 429. 0 means unlimited: one customer's flood then slows all.",
    },
    connectorBurstEvents: {
      env: 'INGEST_CONNECTOR_BURST_EVENTS',
      schema: configValues.integer({ min: 1, max: 1_000_000 }),
      default: 50_000,
      description:
        'Events that a connector may send at once after a pause. The default is five seconds of the rate, for senders that kept events while they could not send.',
    },
    instances: {
      env: 'INGEST_INSTANCES',
      schema: configValues.integer({ min: 1, max: 1_000 }),
      default: 1,
      description:
        "Number of ingest instances behind the load balancer. Each takes that part of every connector's events per second and burst, so that the limits hold over all instances.",
    },
    connectorBytesPerSecond: {
      env: 'INGEST_CONNECTOR_BYTES_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 100_000_000_000 }),
      default: 100_000_000,
      description:
        'Sustained inflated bytes per second from a connector to this instance, and five times as many at once; beyond it, senders are answered 429. 0 means unlimited.',
    },
    connectorWorkMsPerSecond: {
      env: 'INGEST_CONNECTOR_WORK_MS_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 1_000 }),
      default: 750,
      description:
        "Milliseconds per second that this instance spends on reading a connector's bodies, sustained, and five times as many at once; beyond it, senders are answered 429. 0 means unlimited.",
    },
    clientWorkMsPerSecond: {
      env: 'INGEST_CLIENT_WORK_MS_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 1_000 }),
      default: 100,
      description:
        'Milliseconds per second that this instance spends on refused requests without a valid key, by client address (of IPv6 the first 64 bits). 0 means unlimited.',
    },
    drainMs: {
      env: 'INGEST_DRAIN_MS',
      schema: configValues.integer({ min: 0, max: 600_000 }),
      default: 5_000,
      description:
        'How long events are still accepted after SIGTERM, in milliseconds, while /readyz answers 503, for load balancers to notice; a second SIGTERM ends it. SHUTDOWN_TIMEOUT_MS begins when it is over.',
    },
    produceTimeoutMs: {
      env: 'INGEST_PRODUCE_TIMEOUT_MS',
      schema: configValues.integer({ min: 100, max: 300_000 }),
      default: 10_000,
      description:
        "How long a request waits for Kafka's acknowledgement, in milliseconds, before it is answered 503. A longer wait survives a leader election, but SDKs give up after 10 s and send the events again.",
    },
  },
  {
    prefix: 'INGEST_',
    rules: [
      ...tracingRules,
      {
        env: 'INGEST_MAX_INFLATED_BYTES',
        check: ({ maxBodyBytes, maxInflatedBytes }) =>
          maxInflatedBytes >= maxBodyBytes
            ? undefined
            : 'at least INGEST_MAX_BODY_BYTES, which is the bound of bodies that are not compressed',
      },
      {
        env: 'INGEST_PUBLIC_URL',
        check: ({ publicUrl }) => {
          if (publicUrl === undefined) return undefined;
          const { username, password, search, hash } = new URL(publicUrl);
          return username + password + search + hash === ''
            ? undefined
            : 'a URL without user, password, query and fragment';
        },
      },
      {
        env: 'INGEST_MAX_IN_FLIGHT_BYTES',
        check: ({ maxInFlightBytes, maxBodyBytes, maxInflatedBytes }) =>
          maxInFlightBytes >= maxBodyBytes + maxInflatedBytes + maxSharedBytes
            ? undefined
            : `at least INGEST_MAX_BODY_BYTES, INGEST_MAX_INFLATED_BYTES and ${maxSharedBytes} together, or the largest request is never taken: what stands beside a batch is held once for each of its events`,
      },
    ],
  },
);

export type IngestConfig = ConfigOf<typeof ingestConfig>;
