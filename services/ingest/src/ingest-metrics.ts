import type { EventType } from '@astrolabe/segment';
import type { Metrics } from '@astrolabe/service-kit';

/** What became of an event: stored, stored though the destination will skip it, or refused. */
export type EventVerdict = 'accepted' | 'unsupported' | 'rejected';

/** What ingest counts. Called once for each request, not for each event. */
export interface IngestMetrics {
  requestAnswered(endpoint: string, status: number): void;
  eventsJudged(connectorId: string, type: EventType | 'unknown', verdict: EventVerdict, count: number): void;
  /** From the moment that the records went to the sink. */
  acknowledged(seconds: number): void;
  storeFailed(code: string): void;
  /** A body was refused for its size, unread; `unknown` where no key in the header tells whose it was. */
  bodyTooLarge(connectorId: string): void;
}

export function createIngestMetrics(metrics: Metrics, inFlightBytes: () => number): IngestMetrics {
  const requests = metrics.counter({
    name: 'requests_total',
    help: 'Requests answered, by endpoint and HTTP status.',
    labelNames: ['endpoint', 'status'],
  });
  const events = metrics.counter({
    name: 'events_total',
    help: 'Events judged: accepted, unsupported (stored, and skipped by the destination) or rejected (dead-lettered).',
    labelNames: ['connector', 'type', 'verdict'],
  });
  const acknowledgement = metrics.histogram({
    name: 'ack_duration_seconds',
    help: "Time until the brokers acknowledged a request's records.",
  });
  const storeFailures = metrics.counter({
    name: 'store_failures_total',
    help: 'Requests whose records the brokers did not acknowledge, by error code. Their senders were answered 503.',
    labelNames: ['code'],
  });
  const oversizeRequests = metrics.counter({
    name: 'oversize_requests_total',
    help: 'Requests refused for the size of their body, by connector where the header tells it.',
    labelNames: ['connector'],
  });
  metrics.gauge({
    name: 'in_flight_bytes',
    help: 'Bytes of request bodies, inflated, that are being read or await acknowledgement.',
    collect: (gauge) => gauge.set(inFlightBytes()),
  });
  return {
    requestAnswered: (endpoint, status) => requests.inc({ endpoint, status }),
    eventsJudged: (connector, type, verdict, count) => events.inc({ connector, type, verdict }, count),
    acknowledged: (seconds) => acknowledgement.observe(seconds),
    storeFailed: (code) => storeFailures.inc({ code }),
    bodyTooLarge: (connector) => oversizeRequests.inc({ connector }),
  };
}
