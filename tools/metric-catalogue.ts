/** What each service shows under `/metrics`: for the documentation, and to hold alerts and dashboards to. */
import { createConsoleMetrics, showJobs } from '@astrolabe/console/metrics';
import { createDispatcherMetrics } from '@astrolabe/dispatcher/metrics';
import {
  createIngestMetrics,
  createOversizeRecordsCounter,
  createReadingThreadCounter,
  showStoring,
} from '@astrolabe/ingest/metrics';
import { createMapperMetrics } from '@astrolabe/mapper/metrics';
import { topicsFor } from '@astrolabe/records';
import {
  createConnectorsFileGauge,
  createFaultCounter,
  createMetrics,
  showBuild,
  showReadiness,
  type Metrics,
} from '@astrolabe/service-kit';
import { createSpanCounters } from '@astrolabe/tracing';

export interface ShownMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

const creators = {
  ingest: (metrics: Metrics) => {
    createIngestMetrics(metrics, { heldBytes: 0, maxBytes: 0 });
    createOversizeRecordsCounter(metrics, topicsFor());
    createReadingThreadCounter(metrics);
    showStoring(metrics, () => true);
  },
  mapper: (metrics: Metrics) => void createMapperMetrics(metrics),
  dispatcher: (metrics: Metrics) => void createDispatcherMetrics(metrics),
  console: (metrics: Metrics) => {
    createConsoleMetrics(metrics);
    showJobs(metrics, () => undefined);
  },
};

/** It reads the connectors file for its pages only, and passes no events on. */
const withoutEvents: ReadonlySet<ServiceName> = new Set(['console']);

export type ServiceName = keyof typeof creators;
export const serviceNames = Object.keys(creators) as readonly ServiceName[];

/** Those of the process, which Node and prom-client define, are among them. */
export function metricsOf(service: ServiceName): readonly ShownMetric[] {
  const metrics = createMetrics({ service });
  createFaultCounter(metrics);
  showBuild(metrics);
  showReadiness(metrics, () => ({ ready: true, reasons: [] }));
  creators[service](metrics);
  if (!withoutEvents.has(service)) {
    createConnectorsFileGauge(metrics);
    createSpanCounters(metrics);
  }
  return metrics.registry.getMetricsAsArray().map((metric) => metric as unknown as ShownMetric);
}

export function ownMetricsOf(service: ServiceName): readonly ShownMetric[] {
  return metricsOf(service).filter(({ name }) => name.startsWith(`${service}_`));
}
