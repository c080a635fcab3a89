import type { Logger, Metrics, ServiceStack } from '@astrolabe/service-kit';
import { exporterSettings } from './exporter-settings.ts';
import { createSpanCounters } from './span-counters.ts';
import { isTracingOn, type TracingConfig } from './tracing-config.ts';
import type { Tracing } from './tracing.ts';

export interface OpenTracingOptions {
  /** `ingest`, `mapper` or `dispatcher`. */
  readonly service: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly stack: Pick<ServiceStack, 'defer'>;
}

/** Of SHUTDOWN_TIMEOUT_MS: what is left of it when all else has stopped is not known. */
const FLUSH_PART = 1 / 10;

/**
 * Undefined where tracing is off: then nothing of OpenTelemetry's SDK is loaded. Else loads it; the collector need not
 * be there. Called before whatever makes spans, so that what that ends while it stops is exported.
 */
export async function openTracing(
  config: TracingConfig & { readonly shutdownTimeoutMs: number },
  { service, metrics, logger, stack }: OpenTracingOptions,
): Promise<Tracing | undefined> {
  if (!isTracingOn(config)) {
    const isMeant = config.otlpEndpoint !== undefined || config.otlpTracesEndpoint !== undefined;
    if (isMeant && !config.otelSdkDisabled) {
      logger.info('tracing is off though there is an OTLP endpoint: OTEL_TRACES_EXPORTER=otlp switches it on');
    }
    return undefined;
  }
  const { startOtelTracing } = await import('./otel/otel-tracing.ts');
  const exporter = exporterSettings(config);
  const counters = createSpanCounters(metrics);
  const tracing = await startOtelTracing({ service, config, exporter, counters, logger });
  stack.defer('tracing', () => tracing.close(config.shutdownTimeoutMs * FLUSH_PART));
  logger.info({ endpoint: exporter.url, sampler: config.otelTracesSampler }, 'tracing is on');
  return tracing;
}
