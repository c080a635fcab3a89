/** What the exporter is told. Pure. */
import { DEFAULT_ENDPOINT, DEFAULT_TIMEOUT_MS, type TracingConfig } from './tracing-config.ts';

export interface ExporterSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** Paths of PEM files. */
  readonly files: {
    readonly ca: string | undefined;
    readonly key: string | undefined;
    readonly cert: string | undefined;
  };
}

export function exporterSettings(config: TracingConfig): ExporterSettings {
  return {
    url: config.otlpTracesEndpoint ?? `${config.otlpEndpoint ?? DEFAULT_ENDPOINT}/v1/traces`,
    headers: { ...config.otlpHeaders, ...config.otlpTracesHeaders },
    timeoutMs: config.otlpTracesTimeoutMs ?? config.otlpTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    compression: config.otlpTracesCompression ?? config.otlpCompression ?? 'none',
    files: {
      ca: config.otlpTracesCertificate ?? config.otlpCertificate,
      key: config.otlpTracesClientKey ?? config.otlpClientKey,
      cert: config.otlpTracesClientCertificate ?? config.otlpClientCertificate,
    },
  };
}
