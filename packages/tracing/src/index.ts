/**
 * Tracing with OpenTelemetry (docs/adr/0028-spans-begin-and-end-at-the-edge.md). Loads nothing of its SDK while it is
 * off.
 */
export { openTracing, type OpenTracingOptions } from './open-tracing.ts';
export { isSampled, readTraceContext, toTraceparent, traceContextOf, type TraceContext } from './trace-context.ts';
export { isSentAgain, placeInTrace } from './sent-again.ts';
export { traceSends } from './traced-producer.ts';
export { MAX_LINKS, type SpanAttributes, type TracedSpan, type Tracing } from './tracing.ts';
export { tracingRules, tracingVariables, type TracingConfig } from './tracing-config.ts';
export { createSpanCounters } from './span-counters.ts';
