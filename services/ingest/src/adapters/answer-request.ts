/**
 * Handles a request with events, from its headers to its answer. Every path goes through here, wherever its body is, so
 * that all paths have the same limits.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { overloadedAnswer, refusedAnswer, type Answer } from '../core/request/answer.ts';
import type { ByteBudget, ByteHold } from '../core/limits/byte-budget.ts';
import { ipv4Of, networkOf } from '../core/request/client-ip.ts';
import { keysInAuthorization } from '../core/sender/credentials.ts';
import type { Endpoint } from '../core/request/endpoints.ts';
import type { HandledRequest, IngestHandler } from '../ingest-handler.ts';
import type { IngestMetrics } from '../ingest-metrics.ts';
import type { BodyOwner, ReadBody } from './read-body.ts';
import type { RequestTrace, TraceRequest } from './trace-requests.ts';

export interface AnswerRequestOptions {
  readonly handler: IngestHandler;
  readonly connectors: () => Pick<ConnectorDirectory, 'byKey'>;
  readonly metrics: IngestMetrics;
  readonly budget: ByteBudget;
  readonly isStopping: () => boolean;
  readonly traceRequest: TraceRequest;
}

/** One endpoint that accepts events. */
export interface EventRoute {
  readonly endpoint: Endpoint;
  /** The endpoint in `ingest_requests_total`. */
  readonly countedAs: string;
  /** Called for a request that its headers admitted. */
  readonly readBody: (request: FastifyRequest, hold: ByteHold, owner: BodyOwner) => Promise<ReadBody> | ReadBody;
  readonly send: (reply: FastifyReply, answer: Answer, request: AnsweredRequest) => FastifyReply;
}

export interface AnsweredRequest {
  readonly request: FastifyRequest;
  /** The headers alone decided the answer: the body was not read. */
  readonly isByHead: boolean;
}

export type AnswerRequest = (route: EventRoute, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const RETRY_AFTER_STOPPING_SECONDS = 1;

export const stoppingAnswer = refusedAnswer(
  503,
  'ingest.stopping',
  'this instance is stopping; send the request again',
  RETRY_AFTER_STOPPING_SECONDS,
);

export function createAnswerRequest(options: AnswerRequestOptions): AnswerRequest {
  const { handler, connectors, metrics, budget, isStopping, traceRequest } = options;

  /** The answer to a request whose body was not read, so that only its headers can name the connector. */
  const unread = (answer: Answer, { headers }: FastifyRequest): HandledRequest => {
    const [key] = keysInAuthorization(headers.authorization);
    return { answer, connectorId: key === undefined ? undefined : connectors().byKey(key)?.id };
  };

  const answerTo = async (
    { endpoint, readBody }: EventRoute,
    request: FastifyRequest,
    hold: ByteHold,
    trace: RequestTrace,
  ): Promise<HandledRequest & { readonly isByHead?: boolean }> => {
    if (isStopping()) return unread(stoppingAnswer, request);
    const { headers, ip } = request;
    const head = {
      endpoint,
      authorization: headers.authorization,
      webhook: endpoint.kind === 'webhook' ? readWebhook(request) : undefined,
    };
    const clientIp = ipv4Of(ip);
    const client = clientIp ?? networkOf(ip);
    const admission = handler.admit(head, client);
    if (admission.kind === 'answered') return { ...admission, isByHead: true };
    const { sender } = admission;
    const read = await readBody(request, hold, admission);
    if (read.kind === 'overloaded') return unread(overloadedAnswer, request);
    if (read.kind === 'beyond-share') return handler.refuseBeyondShare(sender);
    if (read.kind === 'refused') return handler.refuseBody(sender, client, read);
    return handler.handle({
      ...head,
      sender,
      body: read.body,
      trace: trace.context,
      clientIp,
      client,
      hold,
    });
  };

  return async (route, request, reply) => {
    const hold = budget.open();
    const trace = traceRequest(request);
    try {
      const { answer, connectorId, isByHead = false } = await answerTo(route, request, hold, trace);
      metrics.requestAnswered(route.countedAs, connectorId ?? 'unknown', answer.status);
      if (answer.code !== undefined) metrics.requestRefused(answer.code);
      const sent = await route.send(reply, answer, { request, isByHead });
      trace.answered(answer.status, connectorId);
      return sent;
    } catch (defect) {
      trace.failed();
      throw defect;
    } finally {
      // Only after the handler is done with the records, even if the client has disconnected: they are in memory until
      // then.
      hold.release();
    }
  };
}

function readWebhook({ params, headers }: FastifyRequest) {
  const { connector } = params as { readonly connector: string };
  return { connectorId: connector, signature: textOf(headers['x-signature']) };
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
