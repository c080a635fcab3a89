import type { Counter, Histogram, Metrics } from '@astrolabe/service-kit';

/** The mapper's own metrics; `docs/metrics.md` describes them. */
export interface MapperMetrics {
  /** Every record read ends in exactly one of these: mapped, skipped, dead-lettered. */
  readonly events: Counter<'connector' | 'type' | 'outcome' | 'reason'>;
  readonly commands: Counter<'connector'>;
  readonly batchRecords: Histogram;
}

export function createMapperMetrics(metrics: Metrics): MapperMetrics {
  return {
    events: metrics.counter({
      name: 'events_total',
      help: 'Events read, by outcome (mapped, skipped, dead-lettered) and reason.',
      labelNames: ['connector', 'type', 'outcome', 'reason'],
    }),
    commands: metrics.counter({
      name: 'commands_total',
      help: 'Commands produced and acknowledged by the brokers.',
      labelNames: ['connector'],
    }),
    batchRecords: metrics.histogram({
      name: 'batch_records',
      help: 'Records in one batch, from reading to acknowledgement.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
    }),
  };
}
