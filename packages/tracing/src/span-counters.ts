import type { Metrics } from '@astrolabe/service-kit';

/** - `queue-full`: it ended while as many waited as may. - `export-failed`: the collector did not take it. */
export type DropReason = 'queue-full' | 'export-failed' | 'stopped';
const reasons: readonly DropReason[] = ['queue-full', 'export-failed', 'stopped'];

export interface SpanCounters {
  exported(spans: number): void;
  dropped(reason: DropReason, spans: number): void;
}

/** Shown where tracing is on. */
export function createSpanCounters(metrics: Metrics): SpanCounters {
  const exported = metrics.counter({
    name: 'spans_exported_total',
    help: 'Spans that the collector took; shown while tracing is on.',
  });
  const dropped = metrics.counter({
    name: 'spans_dropped_total',
    help: 'Spans that were not exported, by reason: queue-full (more than OTEL_BSP_MAX_QUEUE_SIZE waited), export-failed, stopped (the process stopped before). Shown while tracing is on; delivery is not affected.',
    labelNames: ['reason'],
  });
  for (const reason of reasons) dropped.inc({ reason }, 0);
  return {
    exported: (spans) => exported.inc(spans),
    dropped: (reason, spans) => dropped.inc({ reason }, spans),
  };
}
