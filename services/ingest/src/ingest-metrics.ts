import { headerNames, type OutgoingRecord, type Topics } from '@astrolabe/records';
import type { EventType } from '@astrolabe/segment';
import { codesOf, createDeadLetterCounter, type Metrics } from '@astrolabe/service-kit';
import { present, type ErrorCode } from '@astrolabe/service-kit/errors';
import type { EventVerdict } from './core/record/verdict-counts.ts';

/**
 * What ingest counts. Called once for each request, not for each event. A connector is its id, or `unknown` without a
 * valid key.
 */
export interface IngestMetrics {
  requestAnswered(endpoint: string, connectorId: string, status: number): void;
  /** Nothing of a request was stored. */
  requestRefused(code: ErrorCode): void;
  /** Records of events that were rejected, once the brokers have them. */
  deadLettersStored(records: readonly Pick<OutgoingRecord, 'headers'>[]): void;
  /** Inflated bytes of a body that was authenticated and parsed. */
  bodyTaken(connectorId: string, bytes: number): void;
  eventsJudged(connectorId: string, type: EventType | 'unknown', verdict: EventVerdict, count: number): void;
  /** Measured from when the records went to the sink. */
  acknowledged(connectorId: string, seconds: number): void;
  storeFailed(connectorId: string, code: string): void;
  /** A body was refused as a whole for its size; only a key in the header can name its connector. */
  bodyTooLarge(connectorId: string): void;
  /** Events whose `timestamp` could not be read and was left unchanged. */
  timestampsUnreadable(connectorId: string, count: number): void;
  /** A connection was closed for the limits on connections. */
  connectionClosed(reason: 'idle' | 'refused'): void;
}

/** What ingest has in memory for its senders, at each scrape. */
export interface InFlight {
  readonly heldBytes: number;
  readonly maxBytes: number;
}

export function createIngestMetrics(metrics: Metrics, inFlight: InFlight): IngestMetrics {
  const requests = metrics.counter({
    name: 'requests_total',
    help: 'Requests answered, by endpoint, connector (unknown without a valid key) and HTTP status.',
    labelNames: ['endpoint', 'connector', 'status'],
  });
  const refusals = metrics.counter({
    name: 'refused_requests_total',
    help: 'Requests of which nothing was stored, by error code (docs/errors.md).',
    labelNames: ['code'],
    zeros: codesOf('ingest', 'event', 'request', 'webhook', 'connector', 'kafka').map((code) => ({ code })),
  });
  const deadLetters = createDeadLetterCounter(metrics, codesOf('event'));
  const bodyBytes = metrics.counter({
    name: 'body_bytes_total',
    help: 'Inflated bytes of authenticated request bodies.',
    labelNames: ['connector'],
  });
  const events = metrics.counter({
    name: 'events_total',
    help: 'Events judged: accepted, unsupported (stored, and skipped by the destination) or rejected (dead-lettered).',
    labelNames: ['connector', 'type', 'verdict'],
  });
  const acknowledgement = metrics.histogram({
    name: 'ack_duration_seconds',
    help: "Time until the brokers acknowledged a request's records.",
    labelNames: ['connector'],
  });
  const storeFailures = metrics.counter({
    name: 'store_failures_total',
    help: 'Requests whose records the brokers did not acknowledge, by error code. Their senders were answered 503.',
    labelNames: ['connector', 'code'],
  });
  const oversizeRequests = metrics.counter({
    name: 'oversize_requests_total',
    help: 'Requests refused because their body is too large, by connector if a header names it.',
    labelNames: ['connector'],
  });
  const unreadableTimestamps = metrics.counter({
    name: 'unreadable_timestamps_total',
    help: 'Events whose timestamp cannot be read. They are stored unchanged and count as having happened when received.',
    labelNames: ['connector'],
  });
  const closedConnections = metrics.counter({
    name: 'closed_connections_total',
    help: 'Connections closed because more were open than INGEST_MAX_CONNECTIONS allows: idle ones, and new ones refused while none was idle.',
    labelNames: ['reason'],
    zeros: [{ reason: 'idle' }, { reason: 'refused' }],
  });
  showInFlight(metrics, inFlight);
  return {
    requestAnswered: (endpoint, connector, status) => requests.inc({ endpoint, connector, status }),
    requestRefused: (code) => refusals.inc({ code }),
    deadLettersStored: (records) => {
      for (const { headers } of records) {
        deadLetters.inc({
          code: present(headers[headerNames.deadLetterCode], 'the cause of a dead letter').toString(),
        });
      }
    },
    bodyTaken: (connector, bytes) => bodyBytes.inc({ connector }, bytes),
    eventsJudged: (connector, type, verdict, count) => events.inc({ connector, type, verdict }, count),
    acknowledged: (connector, seconds) => acknowledgement.observe({ connector }, seconds),
    storeFailed: (connector, code) => storeFailures.inc({ connector, code }),
    bodyTooLarge: (connector) => oversizeRequests.inc({ connector }),
    timestampsUnreadable: (connector, count) => unreadableTimestamps.inc({ connector }, count),
    connectionClosed: (reason) => closedConnections.inc({ reason }),
  };
}

function showInFlight(metrics: Metrics, inFlight: InFlight): void {
  metrics.gauge({
    name: 'in_flight_bytes',
    help: 'Inflated bytes of request bodies that are being read or await acknowledgement.',
    collect: (gauge) => gauge.set(inFlight.heldBytes),
  });
  metrics.gauge({
    name: 'in_flight_max_bytes',
    help: 'Bound of ingest_in_flight_bytes (INGEST_MAX_IN_FLIGHT_BYTES), beyond which requests are answered 503.',
    collect: (gauge) => gauge.set(inFlight.maxBytes),
  });
}

/** Counts a record that the brokers of a topic refused for its size. */
export function createOversizeRecordsCounter(
  metrics: Metrics,
  topics: Pick<Topics, 'segmentEvents' | 'segmentEventsDeadLetters'>,
): (topic: string) => void {
  const oversizeRecords = metrics.counter({
    name: 'oversize_records_total',
    help: 'Records that the brokers refused for their size: events became dead letters, and dead letters were cut. Raise message.max.bytes.',
    labelNames: ['topic'],
    zeros: [topics.segmentEvents, topics.segmentEventsDeadLetters].map(({ name }) => ({ topic: name })),
  });
  return (topic) => oversizeRecords.inc({ topic });
}

/** Counts the ends of the thread that reads costly bodies, except the one at the end of the process. */
export function createReadingThreadCounter(metrics: Metrics): () => void {
  const ends = metrics.counter({
    name: 'reading_thread_ends_total',
    help: 'Unplanned ends of the thread that reads costly bodies, for lack of memory for example. Its body was answered 503, and the next one starts it again.',
  });
  return () => ends.inc();
}

/** Shows the half of `/readyz` that is about the event store. */
export function showStoring(metrics: Metrics, isStoring: () => boolean): void {
  metrics.gauge({
    name: 'store_ready',
    help: '1 while events can be stored; 0 while they cannot, and /readyz answers 503 for it.',
    collect: (gauge) => gauge.set(isStoring() ? 1 : 0),
  });
}
