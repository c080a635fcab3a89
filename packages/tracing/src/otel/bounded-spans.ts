import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { SpanCounters } from '../span-counters.ts';
import type { TracingConfig } from '../tracing-config.ts';

export interface BoundedSpansOptions {
  readonly exporter: SpanExporter;
  readonly config: Pick<
    TracingConfig,
    'otelBspMaxQueueSize' | 'otelBspMaxExportBatchSize' | 'otelBspScheduleDelayMs' | 'otelBspExportTimeoutMs'
  >;
  readonly counters: SpanCounters;
  readonly logger: Logger;
}

/**
 * OpenTelemetry's batches, with every span counted: the SDK drops what exceeds its queue, and what the exporter does
 * not take, without telling.
 */
export class BoundedSpans implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #maxWaiting: number;
  readonly #exporter: SpanExporter;
  readonly #counters: SpanCounters;
  readonly #faults: FaultLog;
  /** Ended, and not yet given to the exporter. */
  #waiting = 0;
  /** Given to the exporter, and not yet answered for. */
  #underWay = 0;
  #isStopped = false;

  constructor({ exporter, config, counters, logger }: BoundedSpansOptions) {
    this.#exporter = exporter;
    this.#counters = counters;
    this.#faults = new FaultLog(logger);
    this.#maxWaiting = config.otelBspMaxQueueSize;
    this.#batches = new BatchSpanProcessor({
      exporter: { export: (spans, done) => this.#export(spans, done), shutdown: () => exporter.shutdown() },
      maxQueueSize: config.otelBspMaxQueueSize,
      maxExportBatchSize: config.otelBspMaxExportBatchSize,
      scheduledDelayMillis: config.otelBspScheduleDelayMs,
      exportTimeoutMillis: config.otelBspExportTimeoutMs,
    });
  }

  onStart(): void {
    // Nothing to do before its end.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#isStopped) return this.#counters.dropped('stopped', 1);
    if (this.#waiting >= this.#maxWaiting) return this.#counters.dropped('queue-full', 1);
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  /** Nothing is exported from here on: what was not is counted. */
  stopped(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#counters.dropped('stopped', this.#waiting + this.#underWay);
  }

  #export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#waiting -= spans.length;
    this.#underWay += spans.length;
    this.#exporter.export(spans, (result) => {
      this.#underWay -= spans.length;
      if (!this.#isStopped) this.#count(spans.length, result);
      done(result);
    });
  }

  #count(spans: number, { code, error }: ExportResult): void {
    if (code === ExportResultCode.SUCCESS) {
      this.#counters.exported(spans);
      this.#faults.worked({}, 'spans are exported again');
      return;
    }
    this.#counters.dropped('export-failed', spans);
    const fault = new PipelineError('tracing.export-failed', reasonOf(error), { retryable: true });
    this.#faults.failed(fault, {}, 'spans could not be exported and are dropped; delivery goes on');
  }
}

/** The HTTP status or Node's code, and what it says; of a host with several addresses there is only the code. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  const parts = [error?.code, error?.message].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? 'the collector did not take the spans' : parts.map(String).join(': ');
}
