import type { TraceContext } from './trace-context.ts';

/** As OpenTelemetry has them; `internal` is not used. */
export type SpanKind = 'server' | 'client' | 'producer' | 'consumer';

/**
 * By the semantic conventions' names, or `astrolabe.*`. Never a key, an id of a user or anything that a sender wrote:
 * spans leave the cluster.
 */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  /** Whose trace the span continues. Undefined: it begins one, if the sampler wants it. */
  readonly parent: TraceContext | undefined;
  /** Spans of other traces that it has to do with; no more than 128 are kept. */
  readonly links?: readonly TraceContext[];
  readonly attributes: SpanAttributes;
}

export interface TracedSpan {
  /** To be passed on. Sampled only if the span is recorded. */
  readonly context: TraceContext;
  setAttributes(attributes: SpanAttributes): void;
  /** `errorType` is one of few: a status, an error code, a reason. */
  fail(errorType: string): void;
  /** Called once; nothing after it is recorded. */
  end(): void;
}

/**
 * Makes spans. Called by adapters, where the work begins; undefined in its place where tracing is off. Never throws and
 * never waits: what cannot be exported is dropped and counted.
 */
export interface Tracing {
  startSpan(start: SpanStart): TracedSpan;
}

/** Of a span. OpenTelemetry's own default. */
export const MAX_LINKS = 128;
