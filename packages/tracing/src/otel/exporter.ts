import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { readTextFile } from '@astrolabe/service-kit';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import type { ExporterSettings } from '../exporter-settings.ts';
import type { TracingConfig } from '../tracing-config.ts';

type Compression = NonNullable<NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>['compression']>;

/**
 * OTLP over HTTP. Everything is given: what is left out the exporter would read from the environment by itself, and
 * without a word replace by a default what it cannot read.
 */
export async function createExporter(
  { url, headers, timeoutMs, compression, files }: ExporterSettings,
  { otelBspMaxQueueSize, otelBspMaxExportBatchSize }: TracingConfig,
): Promise<SpanExporter> {
  const [ca, cert, key] = await Promise.all([readPem(files.ca), readPem(files.cert), readPem(files.key)]);
  return new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    compression: compression as Compression,
    // As many as a flush of the whole queue needs, beside one that is under way.
    concurrencyLimit: Math.ceil(otelBspMaxQueueSize / otelBspMaxExportBatchSize) + 1,
    httpAgentOptions: {
      keepAlive: true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readTextFile(path);
  } catch (cause) {
    const message = `a file of OTEL_EXPORTER_OTLP_* cannot be read: ${errorMessage(cause)}`;
    throw new PipelineError('config.invalid', message, { retryable: false, cause });
  }
}
