/** Shows calls to the API as spans, and tells the API of them. */
import {
  MAX_LINKS,
  isSampled,
  isSentAgain,
  placeInTrace,
  toTraceparent,
  traceContextOf,
  type TraceContext,
  type TracedSpan,
  type Tracing,
} from '@astrolabe/tracing';
import type { ApiCall, ApiCallReceiver, ApiClient, CalledCommand } from '../calls/api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import type { ApiOutcome } from '../core/classify-response.ts';

export interface TraceCallsOptions {
  readonly apiUrl: string;
  readonly deadLetterTopic: string;
  readonly groupId: string;
}

/** The client, or one that shows its calls if tracing is on. */
export function traceCalls(client: ApiClient, tracing: Tracing | undefined, options: TraceCallsOptions): ApiClient {
  return tracing === undefined ? client : new TracedApiClient(client, tracing, options);
}

/** A command whose trace is recorded. */
interface Sampled {
  readonly command: CalledCommand;
  readonly context: TraceContext;
}

/**
 * - A call for one command goes on with its trace.
 * - A bulk call is for commands of many traces: it is a trace of its own, with links to theirs. Each of these gets a
 *   span with a link to the call, or nobody who looks at the trace of an event would find where it ended.
 */
class TracedApiClient implements ApiClient {
  readonly #client: ApiClient;
  readonly #tracing: Tracing;
  readonly #options: TraceCallsOptions;
  readonly #server: { readonly 'server.address': string; readonly 'server.port': number };

  constructor(client: ApiClient, tracing: Tracing, options: TraceCallsOptions) {
    this.#client = client;
    this.#tracing = tracing;
    this.#options = options;
    const { hostname, port, protocol } = new URL(options.apiUrl);
    const usualPort = protocol === 'https:' ? 443 : 80;
    this.#server = { 'server.address': hostname, 'server.port': port === '' ? usualPort : Number(port) };
  }

  call(request: ApiRequest, apiKey: string, receiver: ApiCallReceiver, commands: readonly CalledCommand[]): ApiCall {
    const [first] = commands;
    const isBulk = commands.length > 1;
    const sampled = commands.flatMap(toSampled);
    const [alone] = sampled;
    if (first === undefined || alone === undefined) {
      const context = isBulk || first === undefined ? undefined : traceContextOf(first.record);
      const passedOn = context === undefined ? request : { ...request, traceHeaders: headersOf(context) };
      return this.#client.call(passedOn, apiKey, receiver, commands);
    }
    const span = isBulk ? this.#beginBulk(request, first, sampled) : this.#beginCall(request, alone);
    const members = isBulk ? sampled.map((each) => this.#beginMember(each, span.context)) : [];
    const call = new TracedCall(receiver, span, members);
    call.started(this.#client.call({ ...request, traceHeaders: headersOf(span.context) }, apiKey, call, commands));
    return call;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #beginCall(request: ApiRequest, { command, context }: Sampled): TracedSpan {
    const place = placeInTrace(context, this.#isAgain(command));
    return this.#tracing.startSpan({ ...this.#callOf(request, command, 1), ...place });
  }

  #beginBulk(request: ApiRequest, first: CalledCommand, sampled: readonly Sampled[]): TracedSpan {
    const links = sampled.slice(0, MAX_LINKS).map(({ context }) => context);
    return this.#tracing.startSpan({ ...this.#callOf(request, first, sampled.length), parent: undefined, links });
  }

  #callOf({ method, template }: ApiRequest, command: CalledCommand, commands: number) {
    const { connectorId, attemptsBefore } = command;
    return {
      name: `${method} ${template}`,
      kind: 'client',
      attributes: {
        'http.request.method': method,
        'url.template': template,
        ...this.#server,
        'http.request.resend_count': attemptsBefore > 0 ? attemptsBefore : undefined,
        'astrolabe.connector.id': connectorId,
        'astrolabe.traced_commands': commands > 1 ? commands : undefined,
      },
    } as const;
  }

  #beginMember({ command, context }: Sampled, call: TraceContext): TracedSpan {
    const { topic, partition, offset } = command.record;
    const { parent, links } = placeInTrace(context, this.#isAgain(command));
    return this.#tracing.startSpan({
      name: `process ${topic}`,
      kind: 'consumer',
      parent,
      links: [call, ...links],
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'process',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(partition),
        'messaging.kafka.offset': Number(offset),
        'messaging.consumer.group.name': this.#options.groupId,
        'astrolabe.connector.id': command.connectorId,
      },
    });
  }

  #isAgain({ record }: CalledCommand): boolean {
    return isSentAgain(record, this.#options.deadLetterTopic);
  }
}

/** Stands between the call and who waits for it, since the spans end with either. */
class TracedCall implements ApiCall, ApiCallReceiver {
  readonly #receiver: ApiCallReceiver;
  readonly #span: TracedSpan;
  readonly #members: readonly TracedSpan[];
  #call: ApiCall | undefined;
  #isOver = false;

  constructor(receiver: ApiCallReceiver, span: TracedSpan, members: readonly TracedSpan[]) {
    this.#receiver = receiver;
    this.#span = span;
    this.#members = members;
  }

  started(call: ApiCall): void {
    this.#call = call;
  }

  onOutcome(outcome: ApiOutcome): void {
    const { status, errorType } = resultOf(outcome);
    this.#end(errorType, status);
    this.#receiver.onOutcome(outcome);
  }

  abort(): void {
    this.#end('abandoned', undefined);
    this.#call?.abort();
  }

  #end(errorType: string | undefined, status: number | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#span.setAttributes({ 'http.response.status_code': status });
    for (const span of [...this.#members, this.#span]) {
      if (errorType !== undefined) span.fail(errorType);
      span.end();
    }
  }
}

function toSampled(command: CalledCommand): Sampled[] {
  const context = traceContextOf(command.record);
  return context !== undefined && isSampled(context) ? [{ command, context }] : [];
}

/** As the conventions have it for clients: 4xx is an error too. */
function resultOf(outcome: ApiOutcome): { readonly status?: number; readonly errorType?: string } {
  if (outcome.kind === 'no-response') return { errorType: outcome.reason };
  const { status } = outcome;
  return status >= 400 ? { status, errorType: String(status) } : { status };
}

function headersOf(context: TraceContext): readonly string[] {
  const { tracestate } = context;
  const headers = ['traceparent', toTraceparent(context)];
  return tracestate === undefined ? headers : [...headers, 'tracestate', tracestate];
}
