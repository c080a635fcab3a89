/** Tracing on OpenTelemetry's SDK. Imported only when tracing is on: this module and those below load the SDK. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { resourceFromAttributes, defaultResource, type Resource } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import type { Logger } from '@astrolabe/service-kit';
import type { ExporterSettings } from '../exporter-settings.ts';
import type { SpanCounters } from '../span-counters.ts';
import type { TracingConfig } from '../tracing-config.ts';
import { MAX_LINKS, type Tracing } from '../tracing.ts';
import { createExporter } from './exporter.ts';
import { BoundedSpans } from './bounded-spans.ts';
import { SpanMaker } from './span-maker.ts';

export interface OtelTracingOptions {
  readonly service: string;
  readonly config: TracingConfig;
  readonly exporter: ExporterSettings;
  readonly counters: SpanCounters;
  readonly logger: Logger;
}

export interface RunningTracing extends Tracing {
  /** Exports what has ended, for so long at most. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** Rejects with `config.invalid` if a file of the exporter cannot be read; the collector is not asked for. */
export async function startOtelTracing(options: OtelTracingOptions): Promise<RunningTracing> {
  const { config, service, counters, logger } = options;
  const spans = new BoundedSpans({
    exporter: await createExporter(options.exporter, config),
    config,
    counters,
    logger,
  });
  const provider = new TracerProvider({
    resource: resourceOf(config, service),
    sampler: samplerOf(config),
    spanProcessors: [spans],
    spanLimits: { linkCountLimit: MAX_LINKS },
  });
  const maker = new SpanMaker(provider.getTracer('astrolabe'));
  return {
    startSpan: (start) => maker.startSpan(start),
    close: async (timeoutMs) => {
      const stopped = new AbortController();
      // What could not be exported is counted by then, so a rejection says nothing more.
      const flushed = provider.shutdown().catch(() => undefined);
      await Promise.race([flushed, sleep(timeoutMs, undefined, { signal: stopped.signal }).catch(() => undefined)]);
      stopped.abort();
      spans.stopped();
    },
  };
}

function resourceOf({ otelServiceName, otelResourceAttributes }: TracingConfig, service: string): Resource {
  return defaultResource().merge(
    resourceFromAttributes({
      [ATTR_SERVICE_NAME]: `astrolabe-${service}`,
      'service.instance.id': randomUUID(),
      ...otelResourceAttributes,
      ...(otelServiceName === undefined ? {} : { [ATTR_SERVICE_NAME]: otelServiceName }),
    }),
  );
}

function samplerOf({ otelTracesSampler, otelTracesSamplerArg = '1' }: TracingConfig): Sampler {
  const parentBased = 'parentbased_';
  const root = rootSamplerOf(otelTracesSampler.replace(parentBased, ''), Number(otelTracesSamplerArg));
  return otelTracesSampler.startsWith(parentBased) ? new ParentBasedSampler({ root }) : root;
}

function rootSamplerOf(name: string, ratio: number): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    default:
      throw new Error(`OTEL_TRACES_SAMPLER ${name} is not one that the configuration allows`);
  }
}
