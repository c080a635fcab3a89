import { configSections, configValues, defineConfig, type ConfigOf } from '@astrolabe/service-kit';
import { maxRequestBytes, maxSharedBytes } from '@astrolabe/segment';

/**
 * A request is parsed as one text, which costs up to 30 times its size of memory for the moment, and the thread for as long as
 * `maxInflatedBytes` says. An event of more than a record holds is refused however large the request may be, and its dead letter is cut.
 */
const LARGEST_BODY_BYTES = 16_777_216;

export const ingestConfig = defineConfig(
  {
    ...configSections.process,
    ...configSections.kafka,
    host: {
      env: 'INGEST_HOST',
      schema: configValues.text('a host name or an IP address'),
      default: '127.0.0.1',
      description: 'Address that takes events. 0.0.0.0 opens it to the network; put TLS in front of it.',
    },
    port: {
      env: 'INGEST_PORT',
      schema: configValues.port(),
      default: 3100,
      description: 'Port of the same. 0 takes a free one; the address in use is logged at start.',
    },
    trustedProxies: {
      env: 'INGEST_TRUSTED_PROXIES',
      schema: configValues.integer({ min: 0, max: 10 }),
      default: 0,
      description:
        'Number of reverse proxies in front. Of their headers two are believed: X-Forwarded-For, for events that ask for the address of their client, and X-Forwarded-Proto, for the protocol in SDK settings; X-Forwarded-Host never is. Too high a number lets clients choose their address.',
    },
    publicUrl: {
      env: 'INGEST_PUBLIC_URL',
      schema: configValues.httpUrl().optional(),
      description:
        'URL by which clients reach this service, with its path where a proxy serves it below one. SDKs are told to send there. Without it they are told the host of their own request, and https unless a trusted proxy says otherwise.',
    },
    maxConnections: {
      env: 'INGEST_MAX_CONNECTIONS',
      schema: configValues.integer({ min: 16, max: 1_000_000 }),
      default: 10_000,
      description:
        'Connections open at one time, each of some 10 KB. One more closes the connection that has been idle longest, or is refused where none is idle. Never more than the open files that the system allows (ulimit -n), less 80 for everything else.',
    },
    maxConnectionsPerClient: {
      env: 'INGEST_MAX_CONNECTIONS_PER_CLIENT',
      schema: configValues.integer({ min: 1, max: 1_000_000 }).optional(),
      description:
        'The same from one IPv4 address or one IPv6 network of /64. Default: half of all. Not applied with INGEST_TRUSTED_PROXIES, where all connections come from the proxy.',
    },
    maxBodyBytes: {
      env: 'INGEST_MAX_BODY_BYTES',
      schema: configValues.integer({ min: 1024, max: LARGEST_BODY_BYTES }),
      default: maxRequestBytes,
      description:
        "Largest request body as it comes over the network. Segment documents 500 KB; some SDKs' batches are a little larger, and those of SDKs without a limit much larger. Independent of the brokers' message.max.bytes: each event is a record of its own.",
    },
    maxInflatedBytes: {
      env: 'INGEST_MAX_INFLATED_BYTES',
      schema: configValues.integer({ min: 1024, max: LARGEST_BODY_BYTES }),
      default: maxRequestBytes,
      description:
        'Largest request body after inflating gzip or deflate. At least INGEST_MAX_BODY_BYTES. While a body is parsed all others wait: at the default 10 ms for events and up to 150 ms for one made to be expensive; at the largest value 0.1 s and up to 4 s, and then some 500 MB of heap. Whose it is pays for it (INGEST_CONNECTOR_WORK_MS_PER_SECOND), but only afterwards.',
    },
    maxInFlightBytes: {
      env: 'INGEST_MAX_IN_FLIGHT_BYTES',
      schema: configValues.integer({ min: 1_000_000, max: 100_000_000_000 }),
      default: 67_108_864,
      description:
        'Bytes of bodies that may be read or await acknowledgement at one time; past it senders are answered 503. A connector holds no more of them than are left for all others, so half where it is the only one. The process needs about five times as much memory.',
    },
    connectorEventsPerSecond: {
      env: 'INGEST_CONNECTOR_EVENTS_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 1_000_000 }),
      default: 10_000,
      description:
        "Events that each connector may send to this instance in the long run, where it has no rateLimit of its own; past it senders are answered 429. The default is ten times what Segment's Tracking API lets a workspace send, and leaves most of an instance to others. 0 is unlimited: one customer's flood then slows all.",
    },
    connectorBurstEvents: {
      env: 'INGEST_CONNECTOR_BURST_EVENTS',
      schema: configValues.integer({ min: 1, max: 1_000_000 }),
      default: 50_000,
      description:
        'Events that a connector may send at once, after a pause. The default is five seconds of the rate: what senders have kept while they could not send comes back in one go.',
    },
    connectorBytesPerSecond: {
      env: 'INGEST_CONNECTOR_BYTES_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 100_000_000_000 }),
      default: 100_000_000,
      description:
        'Bytes of bodies, inflated, that each connector may send to this instance in the long run, and five times as many at once; past it senders are answered 429. The default leaves 10 KB to each event of the default limit. 0 is unlimited.',
    },
    connectorWorkMsPerSecond: {
      env: 'INGEST_CONNECTOR_WORK_MS_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 1_000 }),
      default: 750,
      description:
        'Milliseconds in a second that this instance spends on reading the bodies of one connector in the long run, and five times as many at once; past it senders are answered 429. Bodies of events never reach the default, since storing them takes longer than that; bodies made to be expensive do. 0 is unlimited.',
    },
    clientWorkMsPerSecond: {
      env: 'INGEST_CLIENT_WORK_MS_PER_SECOND',
      schema: configValues.integer({ min: 0, max: 1_000 }),
      default: 100,
      description:
        'The same for requests without a valid key, by the address of their client (of IPv6 its first 64 bits). Only what is refused counts. Behind a reverse proxy set INGEST_TRUSTED_PROXIES, or all clients are one. 0 is unlimited.',
    },
    produceTimeoutMs: {
      env: 'INGEST_PRODUCE_TIMEOUT_MS',
      schema: configValues.integer({ min: 100, max: 300_000 }),
      default: 10_000,
      description:
        "How long a request waits for Kafka's acknowledgement before it is answered 503. Longer rides out a leader election, but SDKs give up after 10 s and send the events again.",
    },
  },
  {
    prefix: 'INGEST_',
    rules: [
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
