/** Segment's APIs over HTTP: paths, bodies and headers. `ingest-handler.ts` decides the answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { limitConnections, type ConnectionLimits, type Logger } from '@astrolabe/service-kit';
import type { ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import type { Tracing } from '@astrolabe/tracing';
import { refusedAnswer, storedAnswer } from '../core/request/answer.ts';
import { authorizationIn } from '../core/sender/credentials.ts';
import type { ByteBudget } from '../core/limits/byte-budget.ts';
import type { Endpoint } from '../core/request/endpoints.ts';
import { PathTable, type Route } from '../core/request/path-table.ts';
import { enterPhase, type ServerPhase } from '../core/server-phase.ts';
import type { IngestHandler } from '../ingest-handler.ts';
import type { IngestMetrics } from '../ingest-metrics.ts';
import { FairSlots } from '../turns.ts';
import {
  createAnswerRequest,
  stoppingAnswer,
  type AnsweredRequest,
  type AnswerRequest,
  type EventRoute,
} from './answer-request.ts';
import { addPreflight, allowOrigin } from './cors.ts';
import { addEndpointRoutes, isServerPath, type RouteHandler } from './endpoint-routes.ts';
import { MAX_HEAD_BYTES, createParseErrors, createRefuseHost, type ParseErrors } from './http-framing.ts';
import { addPixelRoutes } from './pixel-routes.ts';
import { readBody, type BodyLimits } from './read-body.ts';
import { sendAnswer } from './send-answer.ts';
import { addSettingsRoutes } from './settings-routes.ts';
import { createTraceRequest } from './trace-requests.ts';

export interface HttpServerOptions {
  readonly handler: IngestHandler;
  readonly connectors: () => Pick<ConnectorDirectory, 'byId' | 'byKey'>;
  readonly metrics: IngestMetrics;
  readonly budget: ByteBudget;
  readonly limits: BodyLimits;
  /** Hops of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted. */
  readonly trustedProxies: number;
  /** URL by which clients reach this service. Undefined: the one that they name in `Host`. */
  readonly publicUrl: string | undefined;
  readonly connectionLimits: Omit<ConnectionLimits, 'onClosed'>;
  readonly logger: Logger;
  readonly tracing: Tracing | undefined;
}

export interface HttpServer {
  readonly routes: readonly Route[];
  /**
   * Listens; returns the server's URL without a trailing slash. Rejects with `service.listen-failed`. Port 0 takes a
   * free port.
   */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /**
   * From here on connections end with their next answer, and `GET /` is answered 503, so that clients and load
   * balancers turn to another instance. Requests are answered as before.
   */
  drain(): void;
  /** Accepts no more requests, and resolves when those in progress are answered. */
  close(): Promise<void>;
}

/** A sender that needs longer for a body of at most some hundred KB has disconnected. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Headers are small and arrive at once. Until they arrive, the connection may never be used. */
const HEADERS_TIMEOUT_MS = 20_000;
/**
 * How often Node looks for connections that timed out; its default of 30 s would add up to that much to each time-out.
 */
const TIMEOUT_CHECK_INTERVAL_MS = 2_000;
/**
 * Longer than the idle time of common load balancers (60 s), so that they never reuse a connection that we are closing.
 */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** The number of threads that libuv uses for it by default. Bodies beyond that wait in turns by sender. */
const INFLATED_AT_ONCE = 4;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { metrics } = options;
  const parseErrors = createParseErrors(
    (socket) => connections.requestUnderWay(socket),
    (status) => metrics.requestAnswered('unknown', 'unknown', status),
  );
  const app = createApp(options, parseErrors);
  const connections = limitConnections(app.server, { ...options.connectionLimits, onClosed: metrics.connectionClosed });
  let phase: ServerPhase = 'accepting';
  const isLeaving = (): boolean => phase !== 'accepting';
  leaveBodies(app);
  readHeaders(app, metrics, isLeaving);
  const answerRequest = createAnswerRequest({
    ...options,
    isStopping: () => phase === 'closing',
    traceRequest: createTraceRequest(options.tracing),
  });
  const paths = new PathTable();
  app.addHook('onRoute', ({ url, method }) => paths.add(url, [method].flat()));
  addEndpointRoutes(app, createPostRoute(options, answerRequest, isLeaving));
  addSettingsRoutes(app, options);
  addPixelRoutes(app, answerRequest);
  addProbeRoute(app, isLeaving);
  addPreflight(app);
  addRefusals(app, options, paths);

  return {
    routes: paths.routes,
    listen: async ({ host, port }) => {
      try {
        await app.listen({ host, port });
      } catch (cause) {
        const message = `cannot listen on ${host} port ${port}: ${errorMessage(cause)}; change INGEST_HOST or INGEST_PORT`;
        throw new PipelineError('service.listen-failed', message, { retryable: false, cause, details: { host, port } });
      }
      return urlOf(host, (app.server.address() as AddressInfo).port);
    },
    drain: () => {
      phase = enterPhase(phase, 'draining');
    },
    close: async () => {
      phase = enterPhase(phase, 'closing');
      const closed = app.close();
      connections.closeUnused();
      await closed;
    },
  };
}

function createApp({ metrics, trustedProxies }: HttpServerOptions, parseErrors: ParseErrors): FastifyInstance {
  return Fastify({
    http: {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      // Checked below, where the answer has the same form as others.
      requireHostHeader: false,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    clientErrorHandler: parseErrors.answer,
    // Fastify would trust X-Forwarded-Host and -Proto as well. Only its `ip` may be used; for the others see
    // `publicOrigin`.
    trustProxy: trustedProxies === 0 ? false : (_address, hop) => hop < trustedProxies,
    // Requests on open connections get our own answer below, which carries Retry-After.
    return503OnClosing: false,
    // Hosts are often configured with a slash at their end, and some SDKs append a path that begins with one.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    frameworkErrors: (_error, request, reply) => {
      metrics.requestAnswered('unknown', 'unknown', 400);
      allowOrigin(reply, request.headers);
      void sendAnswer(reply, refusedAnswer(400, 'request.not-found', 'the path cannot be read'));
    },
  });
}

/**
 * Bodies are read in the route, under the byte budget, and are JSON whatever their content type says: Fastify would
 * refuse a content type that it cannot read.
 */
function leaveBodies(app: FastifyInstance): void {
  for (const method of app.supportedMethods) app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
}

/** Applies to every request before its path is looked at. */
function readHeaders(app: FastifyInstance, metrics: IngestMetrics, isLeaving: () => boolean): void {
  const refuseHost = createRefuseHost();
  app.addHook('onRequest', (request, reply, done) => {
    const { headers } = request.raw;
    headers.authorization = authorizationIn(headers);
    if (!isServerPath(request.url)) allowOrigin(reply, headers);
    if (isLeaving()) reply.header('connection', 'close');
    const refused = refuseHost(request.raw);
    if (refused === undefined) {
      done();
      return;
    }
    metrics.requestAnswered('unknown', 'unknown', refused.status);
    void sendAnswer(reply.header('connection', 'close'), refused);
  });
}

function addRefusals(app: FastifyInstance, { metrics, logger }: HttpServerOptions, paths: PathTable): void {
  app.setNotFoundHandler((request, reply) => {
    const allow = paths.allowed(request.url);
    if (allow !== undefined) {
      metrics.requestAnswered('unknown', 'unknown', 405);
      const answer = refusedAnswer(405, 'request.method-not-allowed', `this path takes ${allow} only`);
      return sendAnswer(reply.header('allow', allow), answer);
    }
    metrics.requestAnswered('unknown', 'unknown', 404);
    // Without the path: some of ours hold a key, which would then be in every log of answers.
    const message = `there is no such path for ${request.method}; events go to /v1/batch, /segment or /webhook/<connector>`;
    return sendAnswer(reply, refusedAnswer(404, 'request.not-found', message));
  });
  app.setErrorHandler((error, request, reply) => {
    logger.error({ err: error, path: request.routeOptions.url }, 'request failed');
    metrics.requestAnswered('unknown', 'unknown', 500);
    const message = 'the request failed for a reason that is not in the request; send it again';
    return sendAnswer(reply, refusedAnswer(500, 'ingest.internal', message));
  });
  // Node would answer in a form of its own.
  app.server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    metrics.requestAnswered('unknown', 'unknown', 417);
    const { status, body } = refusedAnswer(417, 'request.malformed', 'only "Expect: 100-continue" is supported');
    const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, { ...headers, connection: 'close' }).end(body);
  });
}

/** Load balancers probe `/` by default. The answer says only whether this instance accepts requests. */
function addProbeRoute(app: FastifyInstance, isLeaving: () => boolean): void {
  app.get('/', (_request, reply) =>
    sendAnswer(reply.header('cache-control', 'no-store'), isLeaving() ? stoppingAnswer : storedAnswer),
  );
}

/** Events in the body of a POST. */
function createPostRoute(
  { budget, limits }: HttpServerOptions,
  answerRequest: AnswerRequest,
  isLeaving: () => boolean,
) {
  const inflating = new FairSlots(INFLATED_AT_ONCE);
  const mustClose = ({ request: { raw }, isByHead }: AnsweredRequest): boolean => {
    if (isLeaving()) return true;
    if (raw.complete) return false;
    // Frees the memory of a sender that is still writing a refused body. A request refused by its headers alone holds
    // no memory: the rest is read and dropped, since closing a connection with unread bytes resets it, and the sender
    // would never see the reason.
    return !isByHead || Number(raw.headers['content-length'] ?? 0) > limits.maxBodyBytes;
  };
  return (endpoint: Endpoint): RouteHandler => {
    const route: EventRoute = {
      endpoint,
      countedAs: endpoint.name,
      readBody: ({ raw }, hold, owner) => readBody(raw, limits, budget, hold, owner, inflating),
      send: (reply, answer, answered) => {
        if (mustClose(answered)) reply.header('connection', 'close');
        return sendAnswer(reply, answer);
      },
    };
    return (request, reply) => answerRequest(route, request, reply);
  };
}

/** A URL that works from this machine: wildcard addresses are for listening only. */
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
