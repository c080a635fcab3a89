import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { isSampled, spanIdOf, traceIdOf, type TraceContext } from '../trace-context.ts';
import { MAX_LINKS, type SpanAttributes, type SpanStart, type TracedSpan } from '../tracing.ts';

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Parents are always given, so no context is looked for: that would cost an AsyncLocalStorage. */
export class SpanMaker {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  startSpan({ name, kind, parent, links = [], attributes }: SpanStart): TracedSpan {
    const options = {
      kind: kinds[kind],
      attributes: defined(attributes),
      links: links.slice(0, MAX_LINKS).map((link) => ({ context: toSpanContext(link) })),
    };
    return new OtelSpan(this.#tracer.startSpan(name, options, contextOf(parent)));
  }
}

class OtelSpan implements TracedSpan {
  readonly #span: Span;
  #context: TraceContext | undefined;

  constructor(span: Span) {
    this.#span = span;
  }

  get context(): TraceContext {
    return (this.#context ??= toTraceContext(this.#span.spanContext()));
  }

  setAttributes(attributes: SpanAttributes): void {
    this.#span.setAttributes(defined(attributes));
  }

  fail(errorType: string): void {
    this.#span.setAttribute('error.type', errorType);
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end();
  }
}

function contextOf(parent: TraceContext | undefined): Context {
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent));
}

function toSpanContext(context: TraceContext): SpanContext {
  const { tracestate } = context;
  return {
    traceId: traceIdOf(context),
    spanId: spanIdOf(context),
    traceFlags: isSampled(context) ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: new TraceState(tracestate) }),
  };
}

/** Of the members of a `tracestate` those that are valid are kept. */
function toTraceContext({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const flags = (traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01';
  const tracestate = traceState?.serialize();
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    tracestate: tracestate === undefined || tracestate === '' ? undefined : tracestate,
  };
}

function defined(attributes: SpanAttributes): Attributes {
  const kept: Attributes = {};
  // Object.entries would make an array for each attribute of each span.
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
