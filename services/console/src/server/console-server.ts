/** The console over HTTP: its API below the base path, with the checks that every request passes. */
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { limitConnections, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import { hostFields } from '@astrolabe/service-kit/host-header';
import type { Login } from '../auth/login.ts';
import type { ConsoleConfig } from '../config.ts';
import type { ConsoleMetrics } from '../console-metrics.ts';
import { isAddressed, type OwnAddresses } from '../core/http/origin.ts';
import type { Route } from '../routes/route.ts';
import { addApiRoutes } from './api-routes.ts';
import { addLoginRoutes } from './login-routes.ts';
import { addPageRoutes } from './page-routes.ts';
import { isOfRequest, refuseFault, stoppingRefusal } from './refuse-fault.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { sendRefusal } from './send-answer.ts';
import { addSessionRoute } from './session-route.ts';
import type { WebFiles } from './web-files.ts';

export interface ConsoleServerOptions {
  readonly config: Pick<
    ConsoleConfig,
    'host' | 'publicUrl' | 'allowedHosts' | 'basePath' | 'trustedProxies' | 'readOnly' | 'disabledActions'
  >;
  readonly routes: readonly Route[];
  readonly login: Login;
  readonly web: WebFiles;
  readonly metrics: ConsoleMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ConsoleServer {
  /** Listens; returns the console's address with its base path. Rejects with `service.listen-failed`. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Ends streams, takes no more requests, and resolves when those in progress are answered. */
  close(): Promise<void>;
}

export const API_PREFIX = '/api/v1';
/** An edited record travels as JSON text within JSON, which can take several times the record's own bytes. */
const MAX_BODY_BYTES = 8_388_608;
/** Ids of records are up to 1,000 characters long, and percent-encoded three times that. */
const MAX_PARAM_LENGTH = 4_096;
/** Fifty people with a few tabs each, which have one stream and a few requests; below the usual limit of open files. */
const MAX_CONNECTIONS = 800;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 72_000;

export function createConsoleServer(options: ConsoleServerOptions): ConsoleServer {
  const { config, metrics } = options;
  const own: OwnAddresses = {
    host: config.host,
    publicUrl: config.publicUrl,
    allowedHosts: config.allowedHosts ?? [],
  };
  const stopping = new AbortController();
  const prefix = `${config.basePath}${API_PREFIX}`;
  const app = createApp(config.trustedProxies);
  const connections = limitConnections(app.server, {
    maxConnections: MAX_CONNECTIONS,
    maxConnectionsPerClient: undefined,
  });
  checkEveryRequest(app, own, stopping.signal, metrics);
  addApiRoutes(app, { ...options, own, prefix, stopping: stopping.signal });
  addSessionRoute(app, { ...options, prefix });
  addLoginRoutes(app, { ...options, own, prefix });
  addPageRoutes(app, { web: options.web, basePath: config.basePath });
  addRefusals(app, options);
  return {
    listen: async ({ host, port }) => {
      try {
        await app.listen({ host, port });
      } catch (cause) {
        const message = `cannot listen on ${host} port ${port}: ${errorMessage(cause)}; change CONSOLE_HOST or CONSOLE_PORT`;
        throw new PipelineError('service.listen-failed', message, { retryable: false, cause, details: { host, port } });
      }
      return `${urlOf(host, (app.server.address() as AddressInfo).port)}${config.basePath}/`;
    },
    close: async () => {
      stopping.abort();
      const closed = app.close();
      connections.closeUnused();
      await closed;
    },
  };
}

function createApp(trustedProxies: number): FastifyInstance {
  const app = Fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    bodyLimit: MAX_BODY_BYTES,
    // Fastify would trust X-Forwarded-Host and -Proto as well. Only its `ip` is used.
    trustProxy: trustedProxies === 0 ? false : (_address, hop) => hop < trustedProxies,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (_error, _request, reply) => {
      const message = 'the path cannot be read: it is not valid percent-encoding; correct it';
      void sendRefusal(reply, { status: 400, code: 'console.request-invalid', message });
    },
  });
  // A form of a foreign page can send text/plain, but not JSON.
  app.removeContentTypeParser('text/plain');
  return app;
}

function checkEveryRequest(
  app: FastifyInstance,
  own: OwnAddresses,
  stopping: AbortSignal,
  metrics: ConsoleMetrics,
): void {
  const isHttps = own.publicUrl?.startsWith('https:') === true;
  app.addHook('onRequest', (request, reply, done) => {
    setSecurityHeaders(reply, isHttps);
    if (stopping.aborted) {
      reply.header('connection', 'close');
      void sendRefusal(reply, stoppingRefusal);
      return;
    }
    if (!isAddressed(hostFields(request.raw.rawHeaders), own)) {
      metrics.requestRefused('console.host-unknown');
      const message =
        'the console does not know this host name, so a foreign page may be behind the request; use the IP address, set CONSOLE_PUBLIC_URL, or name the host in CONSOLE_ALLOWED_HOSTS';
      void sendRefusal(reply, { status: 421, code: 'console.host-unknown', message });
      return;
    }
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.requestAnswered(route, request.method, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}

function addRefusals(app: FastifyInstance, { config, metrics, logger }: ConsoleServerOptions): void {
  app.setNotFoundHandler((request, reply) => {
    const allow = allowedMethods(app, request.url);
    if (allow.length > 0) {
      metrics.requestRefused('console.method-not-allowed');
      const message = `this path takes ${allow.join(', ')} only; ask with that`;
      reply.header('allow', allow.join(', '));
      return sendRefusal(reply, { status: 405, code: 'console.method-not-allowed', message });
    }
    metrics.requestRefused('console.not-found');
    const message = `there is no such path; the API is below ${config.basePath}${API_PREFIX}, as its OpenAPI document says`;
    return sendRefusal(reply, { status: 404, code: 'console.not-found', message });
  });
  app.setErrorHandler((error, request, reply) => {
    const refused = refuseFault(error);
    metrics.requestRefused(refused.code);
    if (!isOfRequest(refused)) {
      logger.error({ err: error, route: request.routeOptions.url, requestId: request.id }, 'request failed');
    }
    return sendRefusal(reply, refused);
  });
}

function allowedMethods(app: FastifyInstance, url: string): readonly string[] {
  const path = url.split('?', 1)[0] ?? '';
  return ['GET', 'POST', 'PUT', 'DELETE'].filter((method) => {
    // Fastify's types do not say that there may be none.
    const found = app.findRoute({ method, url: path }) as { readonly params: object } | null;
    // The paths with a star take what no other does, and refuse it.
    return found !== null && !('*' in found.params);
  });
}

/** A URL that works from this machine: wildcard addresses are for listening only. */
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
