/** Segment's APIs over HTTP: paths, bodies and headers. What is answered is decided in `ingest-handler.ts`. */
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { PipelineError, errorMessage, type ConnectorDirectory, type Logger } from '@astrolabe/service-kit';
import { refusedAnswer, storedAnswer, type Answer } from '../core/answer.ts';
import { keysInAuthorization } from '../core/credentials.ts';
import { authenticate } from '../core/authenticate.ts';
import type { ByteBudget } from '../core/byte-budget.ts';
import { ipv4Of, networkOf } from '../core/client-ip.ts';
import { partnerEndpoint, trackingEndpoints, webhookEndpoint, type Endpoint } from '../core/endpoints.ts';
import { buildSourceSettings } from '../core/source-settings.ts';
import type { HandledRequest, IngestHandler } from '../ingest-handler.ts';
import type { IngestMetrics } from '../ingest-metrics.ts';
import { allowOrigin, allowRequest } from './cors.ts';
import { FairSlots } from '../turns.ts';
import { readBody, type BodyLimits } from './read-body.ts';

export interface HttpServerOptions {
  readonly handler: IngestHandler;
  readonly connectors: () => Pick<ConnectorDirectory, 'byId' | 'byKey'>;
  readonly metrics: IngestMetrics;
  readonly budget: ByteBudget;
  readonly limits: BodyLimits;
  /** Hops of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: number;
  readonly logger: Logger;
}

export interface HttpServer {
  /** Listens; returns the server's URL without a trailing slash. Rejects with `service.listen-failed`. Port 0 takes a free one. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Takes no more requests, and resolves when those under way are answered. */
  close(): Promise<void>;
}

/** A sender that needs longer for a body of at most some hundred KB is gone. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the idle time of common load balancers (60 s), so that they never reuse a connection that we are closing. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** The budget is freed by acknowledgements, which come within milliseconds unless Kafka is away. */
const RETRY_AFTER_OVERLOAD_SECONDS = 1;
const RETRY_AFTER_STOPPING_SECONDS = 1;

/** As many threads as libuv has for it by default. What waits behind them waits in turns by sender. */
const INFLATED_AT_ONCE = 4;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { logger, metrics, trustedProxies } = options;
  const app = Fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    trustProxy: trustedProxies === 0 ? false : (_address, hop) => hop < trustedProxies,
    // Requests on open connections get our own answer below, which carries Retry-After.
    return503OnClosing: false,
    // Hosts are often configured with a slash at their end, and some SDKs append a path that begins with one.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    frameworkErrors: (_error, _request, reply) => {
      metrics.requestAnswered('unknown', 'unknown', 400);
      void send(reply, refusedAnswer(400, 'request.not-found', 'the path cannot be read'));
    },
  });
  // Bodies are read in the route, under the byte budget. They are JSON whatever the sender calls them, and Fastify would
  // refuse a content type that it cannot read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onRequest', (request, _reply, done) => {
    request.raw.headers['content-type'] = undefined;
    done();
  });

  let isStopping = false;
  const route = createRoute(options, () => isStopping);
  addRoutes(app, options, route);

  app.setNotFoundHandler((request, reply) => {
    metrics.requestAnswered('unknown', 'unknown', 404);
    // Without the path: some of ours hold a key, and whoever misspells one would find it in every log of answers.
    const message = `there is no such path for ${request.method}; events go to /v1/batch, /segment or /webhook/<connector>`;
    return send(reply, refusedAnswer(404, 'request.not-found', message));
  });
  app.setErrorHandler((error, request, reply) => {
    logger.error({ err: error, path: request.routeOptions.url }, 'request failed');
    metrics.requestAnswered('unknown', 'unknown', 500);
    const message = 'the request failed for a reason that is not in the request; send it again';
    return send(reply, refusedAnswer(500, 'ingest.internal', message));
  });

  return {
    listen: async ({ host, port }) => {
      try {
        await app.listen({ host, port });
      } catch (cause) {
        const message = `cannot listen on ${host} port ${port}: ${errorMessage(cause)}; change INGEST_HOST or INGEST_PORT`;
        throw new PipelineError('service.listen-failed', message, { retryable: false, cause, details: { host, port } });
      }
      return urlOf(host, (app.server.address() as AddressInfo).port);
    },
    close: async () => {
      isStopping = true;
      await app.close();
    },
  };
}

type Route = (endpoint: Endpoint) => (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

function createRoute(options: HttpServerOptions, isStopping: () => boolean): Route {
  const { handler, connectors, metrics, budget, limits } = options;
  const inflating = new FairSlots(INFLATED_AT_ONCE);
  const connectorIn = (authorization: string | undefined): string | undefined =>
    keysInAuthorization(authorization).map((key) => connectors().byKey(key)?.id)[0];
  const overloaded = refusedAnswer(
    503,
    'ingest.overloaded',
    'too many bytes await storage; send the request again after the pause',
    RETRY_AFTER_OVERLOAD_SECONDS,
  );
  const stopping = refusedAnswer(
    503,
    'ingest.stopping',
    'this instance is stopping; send the request again',
    RETRY_AFTER_STOPPING_SECONDS,
  );
  return (endpoint) => async (request, reply) => {
    const hold = budget.open();
    let isBodyWanted = true;
    try {
      const { answer, connectorId } = isStopping() ? unread(stopping, request) : await answerTo(request);
      metrics.requestAnswered(endpoint.name, connectorId ?? 'unknown', answer.status);
      if (mustClose(request)) reply.header('connection', 'close');
      return await send(reply, answer);
    } finally {
      // Not before the handler is done with the records, even if the client has gone: they are in memory until then.
      hold.release();
    }

    /** The answer to a request whose body nobody has looked at, so that only its header can say whose it is. */
    function unread(answer: Answer, { headers }: FastifyRequest): HandledRequest {
      return { answer, connectorId: connectorIn(headers.authorization) };
    }

    function mustClose({ raw }: FastifyRequest): boolean {
      if (isStopping()) return true;
      if (raw.complete) return false;
      // Frees the memory of a sender that is still writing a body nobody wants. One that was refused by its head alone holds no memory: the rest
      // is read and dropped, since closing a connection with unread bytes resets it, and the sender would never see why it was refused.
      return isBodyWanted || Number(raw.headers['content-length'] ?? 0) > limits.maxBodyBytes;
    }

    async function answerTo(request: FastifyRequest): Promise<HandledRequest> {
      const { raw, headers, ip } = request;
      const head = {
        endpoint,
        authorization: headers.authorization,
        webhook: endpoint.kind === 'webhook' ? readWebhook(request) : undefined,
      };
      const client = networkOf(ip);
      const admission = handler.admit(head, client);
      if (admission.kind === 'answered') {
        isBodyWanted = false;
        return admission;
      }
      const { sender } = admission;
      const body = await readBody(raw, limits, budget, hold, admission, inflating);
      if (body.kind === 'overloaded') return unread(overloaded, request);
      if (body.kind === 'beyond-share') return handler.refuseBeyondShare(sender);
      if (body.kind === 'refused') return handler.refuseBody(sender, client, body);
      return handler.handle({
        ...head,
        sender,
        body: body.bytes,
        traceparent: textOf(headers.traceparent),
        clientIp: ipv4Of(ip),
        client,
        hold,
      });
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

const trackingBases = ['/v1', ''] as const;

function addRoutes(app: FastifyInstance, options: HttpServerOptions, route: Route): void {
  // These two are between servers; browsers send to all the others.
  app.post('/segment', route(partnerEndpoint));
  app.post('/webhook/:connector', route(webhookEndpoint));
  const toBrowsers = { onRequest: async (_request: FastifyRequest, reply: FastifyReply) => allowOrigin(reply) };
  for (const base of trackingBases) {
    for (const [path, endpoint] of trackingEndpoints) {
      app.post(`${base}/${path}`, toBrowsers, route(endpoint));
      app.options(`${base}/${path}`, answerPreflight);
    }
    app.get(`${base}/projects/:writeKey/settings`, toBrowsers, answerSettings(options));
    app.options(`${base}/projects/:writeKey/settings`, answerPreflight);
  }
}

async function answerPreflight(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  allowRequest(reply);
  return send(reply, storedAnswer);
}

function answerSettings({ connectors, metrics }: HttpServerOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { writeKey } = request.params as { readonly writeKey: string };
    const authentication = authenticate(connectors(), [writeKey]);
    const answer: Answer =
      authentication.kind === 'refused'
        ? authentication.answer
        : { status: 200, body: buildSourceSettings(writeKey, { protocol: request.protocol, host: request.host }) };
    const connectorId = authentication.kind === 'connector' ? authentication.connector.id : 'unknown';
    metrics.requestAnswered('settings', connectorId, answer.status);
    return send(reply, answer);
  };
}

function send(reply: FastifyReply, { status, body, retryAfterSeconds }: Answer): FastifyReply {
  reply.code(status).header('content-type', 'application/json; charset=utf-8');
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  return reply.send(body);
}

/** A URL that works from this machine: wildcard addresses are for listening only. */
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
