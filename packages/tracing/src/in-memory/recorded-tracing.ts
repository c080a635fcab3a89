/** In-memory fake: remembers spans. A span with a parent is sampled as that is, a root as the fake is told. */
import { isSampled, traceIdOf, type TraceContext } from '../trace-context.ts';
import type { SpanAttributes, SpanKind, SpanStart, TracedSpan, Tracing } from '../tracing.ts';

export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: TraceContext | undefined;
  readonly links: readonly TraceContext[];
  readonly context: TraceContext;
  readonly attributes: SpanAttributes;
  readonly errorType: string | undefined;
  readonly isEnded: boolean;
}

export interface RecordedTracing extends Tracing {
  /** Those that were sampled, in the order of their beginning. */
  readonly spans: readonly RecordedSpan[];
  /** How often a span was asked for, sampled or not. */
  readonly asked: number;
}

export function createRecordedTracing({ rootsSampled = true }: { readonly rootsSampled?: boolean } = {}) {
  return new Recorder(rootsSampled) as RecordedTracing;
}

class Recorder implements RecordedTracing {
  readonly spans: Span[] = [];
  asked = 0;
  readonly #rootsSampled: boolean;

  constructor(rootsSampled: boolean) {
    this.#rootsSampled = rootsSampled;
  }

  startSpan(start: SpanStart): TracedSpan {
    this.asked += 1;
    const { parent } = start;
    const isRecorded = parent === undefined ? this.#rootsSampled : isSampled(parent);
    const number = this.asked.toString(16);
    const traceId = parent === undefined ? number.padStart(32, 'a') : traceIdOf(parent);
    const traceparent = `00-${traceId}-${number.padStart(16, 'b')}-${isRecorded ? '01' : '00'}`;
    const span = new Span(start, { traceparent, tracestate: parent?.tracestate });
    if (isRecorded) this.spans.push(span);
    return span;
  }
}

class Span implements TracedSpan, RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: TraceContext | undefined;
  readonly links: readonly TraceContext[];
  readonly context: TraceContext;
  attributes: SpanAttributes;
  errorType: string | undefined;
  isEnded = false;

  constructor({ name, kind, parent, links = [], attributes }: SpanStart, context: TraceContext) {
    this.name = name;
    this.kind = kind;
    this.parent = parent;
    this.links = links;
    this.attributes = attributes;
    this.context = context;
  }

  setAttributes(attributes: SpanAttributes): void {
    this.attributes = { ...this.attributes, ...attributes };
  }

  fail(errorType: string): void {
    this.errorType = errorType;
  }

  end(): void {
    if (this.isEnded) throw new Error(`${this.name} is ended twice`);
    this.isEnded = true;
  }
}
