import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limitConnections } from './connection-limit.ts';
import { PipelineError, errorMessage } from '../errors/errors.ts';
import { hostFields, parseHostHeader } from './host-header.ts';
import type { Logger } from '../logs/logger.ts';
import type { MetricsRegistry } from '../process/metrics.ts';
import type { Readiness } from '../process/readiness.ts';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Names that clients may use for this server, besides `host`, `localhost` and every IP address. Default: none. */
  readonly allowedHosts?: readonly string[] | undefined;
  readonly registry: MetricsRegistry;
  /** Called at each request of `/readyz`; must not throw or wait. */
  readonly isReady: () => Readiness;
  readonly logger: Logger;
}

export interface AdminServer {
  /** Where the server can be reached, without a trailing slash. */
  readonly url: string;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Probes and scrapers need a handful. One more closes the connection that has been idle longest. */
const MAX_CONNECTIONS = 32;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** How often Node looks for connections that timed out. */
const TIMEOUT_CHECK_INTERVAL_MS = 1_000;

/**
 * Serves `/livez` (200 while the event loop turns), `/readyz` (200 or 503, with the reasons as JSON) and `/metrics`
 * (Prometheus text). Rejects with `service.listen-failed`.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
    },
    (request, response) => {
      void respond(options, request, response);
    },
  );
  limitConnections(server, { maxConnections: MAX_CONNECTIONS, maxConnectionsPerClient: undefined });
  await listen(server, options.host, options.port);
  return {
    url: urlOf(options.host, (server.address() as AddressInfo).port),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function respond(options: AdminServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  let answer: Answer;
  if (!isAddressed(options, request)) {
    const message = 'this host name is not allowed; ask by IP address, or name the host in ADMIN_ALLOWED_HOSTS\n';
    answer = text(421, message);
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    answer = text(405, 'only GET and HEAD are answered here\n');
  } else {
    answer = await answerTo(path, options).catch((error: unknown) => {
      options.logger.error({ err: error, path }, 'admin request failed');
      return text(500, `${errorMessage(error)}\n`);
    });
  }
  response.writeHead(answer.status, { 'content-type': answer.contentType, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

/**
 * Whether the request names a host of this server. A web page can point its own name at this address and then read the
 * answers (DNS rebinding), but it cannot make the browser send another name, or an address, as `Host`.
 */
function isAddressed({ host, allowedHosts = [] }: AdminServerOptions, { rawHeaders }: IncomingMessage): boolean {
  const fields = hostFields(rawHeaders);
  // HTTP/1.0 does not have the field, and browsers do not use it.
  if (fields.length === 0) return true;
  const [field = ''] = fields;
  const named = fields.length === 1 ? parseHostHeader(field) : undefined;
  if (named === undefined) return false;
  const known = ['localhost', host, ...allowedHosts].map((name) => name.toLowerCase());
  return named.isAddress || known.includes(named.name);
}

async function answerTo(path: string, { registry, isReady }: AdminServerOptions): Promise<Answer> {
  switch (path) {
    case '/livez':
      return text(200, 'live\n');
    case '/readyz': {
      const readiness = isReady();
      const body = `${JSON.stringify({ ready: readiness.ready, reasons: readiness.reasons })}\n`;
      return { status: readiness.ready ? 200 : 503, contentType: 'application/json; charset=utf-8', body };
    }
    case '/metrics':
      return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
    default:
      return text(404, 'not found; here are /livez, /readyz and /metrics\n');
  }
}

function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error) => {
      const message = `admin server cannot listen on ${host} port ${port}: ${cause.message}; change ADMIN_HOST or ADMIN_PORT`;
      reject(new PipelineError('service.listen-failed', message, { retryable: false, cause, details: { host, port } }));
    };
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.removeListener('error', onError);
      resolve();
    });
  });
}

/** A URL that works from this machine: wildcard addresses are for listening only. */
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
