/** Shows requests with events as spans. */
import type { FastifyRequest } from 'fastify';
import { readTraceContext, type TraceContext, type TracedSpan, type Tracing } from '@astrolabe/tracing';

/** One request on its way to its answer. */
export interface RequestTrace {
  /** What its records carry. */
  readonly context: TraceContext | undefined;
  answered(status: number, connectorId: string | undefined): void;
  /** It has no answer because of a defect. */
  failed(): void;
}

export type TraceRequest = (request: FastifyRequest) => RequestTrace;

/** Without tracing, what the sender sent is passed on. */
export function createTraceRequest(tracing: Tracing | undefined): TraceRequest {
  if (tracing === undefined) return untraced;
  return (request) => new SpanOfRequest(request, tracing);
}

function untraced({ headers }: FastifyRequest): RequestTrace {
  return { context: readTraceContext(textOf(headers['traceparent']), undefined), answered: nothing, failed: nothing };
}

const nothing = (): void => undefined;

/**
 * Without the URL, the client's address and the user agent: addresses of pixels hold events, those of settings keys,
 * and the rest is about a person.
 */
class SpanOfRequest implements RequestTrace {
  readonly #span: TracedSpan;

  constructor({ method, headers, routeOptions }: FastifyRequest, tracing: Tracing) {
    const route = routeOptions.url;
    this.#span = tracing.startSpan({
      name: `${method} ${route ?? ''}`,
      kind: 'server',
      parent: readTraceContext(textOf(headers['traceparent']), textOf(headers['tracestate'])),
      attributes: { 'http.request.method': method, 'http.route': route },
    });
  }

  get context(): TraceContext {
    return this.#span.context;
  }

  answered(status: number, connectorId: string | undefined): void {
    this.#span.setAttributes({ 'http.response.status_code': status, 'astrolabe.connector.id': connectorId });
    // As the conventions have it for servers: what the client did wrong is not our error.
    if (status >= 500) this.#span.fail(String(status));
    this.#span.end();
  }

  failed(): void {
    this.answered(500, undefined);
  }
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
