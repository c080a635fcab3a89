import type { Counter, Gauge, Histogram, Metrics } from '@astrolabe/service-kit';

/** The dispatcher's own metrics; `docs/metrics.md` describes them. */
export interface DispatcherMetrics {
  /** Every record read ends in exactly one of these: delivered, duplicate, dead-lettered. */
  readonly commands: Counter<'connector' | 'kind' | 'outcome' | 'reason'>;
  readonly retries: Counter<'connector' | 'reason'>;
  /** 1 while a connector's credential is refused: the alert. */
  readonly halted: Gauge<'connector'>;
  readonly freshness: Histogram<'connector'>;
  readonly callDuration: Histogram<'connector'>;
}

export function createDispatcherMetrics(metrics: Metrics): DispatcherMetrics {
  return {
    commands: metrics.counter({
      name: 'commands_total',
      help: 'Commands finished, by outcome (delivered, duplicate, dead-lettered) and reason.',
      labelNames: ['connector', 'kind', 'outcome', 'reason'],
    }),
    retries: metrics.counter({
      name: 'retries_total',
      help: 'Attempts that did not deliver and are repeated, by reason.',
      labelNames: ['connector', 'reason'],
    }),
    halted: metrics.gauge({
      name: 'halted_connectors',
      help: '1 while the API refuses the credential of the connector. Its commands wait.',
      labelNames: ['connector'],
    }),
    freshness: metrics.histogram({
      name: 'freshness_seconds',
      help: 'From the moment ingest took the event to the acknowledgement of the API.',
      labelNames: ['connector'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 28_800],
    }),
    callDuration: metrics.histogram({
      name: 'call_duration_seconds',
      help: 'Duration of calls to the API, with or without an answer.',
      labelNames: ['connector'],
    }),
  };
}
