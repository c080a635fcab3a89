/** W3C Trace Context: where a span stands in its trace, as headers carry it. Pure. https://www.w3.org/TR/trace-context/ */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';

export interface TraceContext {
  /** Valid. */
  readonly traceparent: string;
  /** Printable ASCII. */
  readonly tracestate: string | undefined;
}

const traceparentFormat = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const tracestateFormat = /^[\x20-\x7e]{1,512}$/;

/** The header's value if it is valid, else undefined: an invalid one must not be passed on. */
export function validTraceparent(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 512 || !traceparentFormat.test(header)) return undefined;
  // Version 00 allows nothing after the flags.
  return header.startsWith('00') && header.length !== 55 ? undefined : header;
}

/** What both headers say; undefined without a valid `traceparent`. */
export function readTraceContext(
  traceparentHeader: string | undefined,
  tracestateHeader: string | undefined,
): TraceContext | undefined {
  const traceparent = validTraceparent(traceparentHeader);
  if (traceparent === undefined) return undefined;
  const isReadable = tracestateHeader !== undefined && tracestateFormat.test(tracestateHeader);
  return { traceparent, tracestate: isReadable ? tracestateHeader : undefined };
}

/** The context that a record carries; undefined if it carries none. */
export function traceContextOf(record: Pick<ConsumedRecord, 'headers' | 'encoded'>): TraceContext | undefined {
  return readTraceContext(headerText(record, headerNames.traceparent), headerText(record, headerNames.tracestate));
}

/** Whether the trace is recorded. Only then may an event cost a span. */
export function isSampled({ traceparent }: TraceContext): boolean {
  return (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;
}

export function traceIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(3, 35);
}

export function spanIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(36, 52);
}

/**
 * As version 00, the one that we speak: what a later version has behind the flags may not be passed on by others, and
 * might not be allowed in an HTTP header.
 */
export function toTraceparent(context: TraceContext): string {
  return `00-${traceIdOf(context)}-${spanIdOf(context)}-${isSampled(context) ? '01' : '00'}`;
}
