import { isUtf8 } from 'node:buffer';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { parseJson } from '@astrolabe/schemas';
import { sendJson, sendProblem } from './answers.ts';
import type { ApiKey, Authenticate } from './api-keys.ts';
import type { ApiContext } from './api-context.ts';
import { registerBulkRoute } from './bulk-route.ts';
import { registerControlRoutes } from './control-routes.ts';
import { buildProblem, buildRequestProblem, type Problem } from './problem.ts';
import { pathOf, watchMethods } from './other-methods.ts';
import { registerReadRoutes } from './read-routes.ts';
import { answerUnreadable } from './unreadable-requests.ts';
import { registerWriteRoutes } from './write-routes.ts';

const maxBodyBytes = 1024 * 1024;

/** Two ids of 1,000 characters, percent-encoded at 12 bytes each, fit into a request line with room for headers. */
const maxHeaderBytes = 64 * 1024;

/** More than any id that fits into a request line: we refuse an id that is too long ourselves, with its code. */
const maxParamCharacters = maxHeaderBytes;

export interface ServerOptions {
  readonly authenticate: Authenticate;
  readonly replaceApiKeys: (apiKeys: readonly ApiKey[]) => void;
  /** Serves `/__reference`. */
  readonly enableControl: boolean;
  /** Called with internal faults, which are answered with 500. */
  readonly onError: (error: unknown) => void;
}

/** The HTTP server, not listening yet. */
export function createServer(context: ApiContext, options: ServerOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    // Connections that a fault keeps open must not keep the server from closing.
    forceCloseConnections: true,
    http: { maxHeaderSize: maxHeaderBytes },
    routerOptions: { maxParamLength: maxParamCharacters },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (_error, _request, reply) => {
      sendProblem(reply, buildProblem(400, 'invalid-id', 'the path must be percent-encoded UTF-8'));
    },
  });
  acceptJson(app);
  const refuseOtherMethods = watchMethods(app);
  recordCalls(app, context, options.authenticate);
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) options.onError(error);
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, buildProblem(404, 'not-found', `there is no ${request.method} ${pathOf(request)}`)),
  );

  app.get('/livez', (_request, reply) => sendJson(reply, '{"status":"ok"}'));
  registerReadRoutes(app, context);
  registerWriteRoutes(app, context);
  registerBulkRoute(app, context);
  if (options.enableControl) registerControlRoutes(app, context, options.replaceApiKeys);
  refuseOtherMethods();
  return app;
}

function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    try {
      if (!isUtf8(body)) throw new SyntaxError('the body is not UTF-8');
      done(null, parseJson(body.toString('utf8')));
    } catch (error) {
      done(Object.assign(new Error((error as Error).message), { code: malformedJson }));
    }
  });
}

const malformedJson = 'malformed-json';

/**
 * Whether a call belongs to the API: by its route, since a path can be written in other ways, such as `/v%31/users`.
 */
function isApiCall({ routeOptions, url }: FastifyRequest): boolean {
  return (routeOptions.url ?? url).startsWith('/v1/');
}

/** Every call under /v1, known path or not, is logged on arrival and needs an API key. */
function recordCalls(app: FastifyInstance, context: ApiContext, authenticate: Authenticate): void {
  app.decorateRequest('call');
  app.decorateRequest('connector', '');
  app.addHook('onRequest', (request, reply, done) => {
    if (!isApiCall(request)) {
      done();
      return;
    }
    request.call = context.calls.arrive(request.method, request.url, context.nowMs());
    context.counters.countCall();
    const connector = authenticate(request.headers.authorization);
    if (connector === undefined) {
      void reply.header('www-authenticate', 'Bearer');
      const detail = 'send the API key of a connector as "Authorization: Bearer <key>"';
      sendProblem(reply, buildProblem(401, 'unauthorized', detail));
      return;
    }
    request.connector = connector;
    request.call.connector = connector;
    done();
  });
  app.addHook('preParsing', (request, reply, payload, done) => {
    const coding = request.headers['content-encoding'] ?? 'identity';
    if (coding.toLowerCase() === 'identity') {
      done(null, payload);
      return;
    }
    sendProblem(reply, buildProblem(415, 'unsupported-media-type', `the body must not be compressed (${coding})`));
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    // Calls with an invalid path never reach the log.
    const call = request.call as FastifyRequest['call'] | undefined;
    if (call !== undefined) {
      call.status = reply.statusCode;
      context.counters.countAnswer(reply.statusCode);
    }
    done(null, payload);
  });
}

function toProblem(error: FastifyError): Problem {
  switch (error.code) {
    case malformedJson:
      return buildProblem(400, 'malformed-json', error.message);
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return buildProblem(413, 'payload-too-large', 'the body is over the limit; split it or leave something out');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return buildProblem(415, 'unsupported-media-type', 'the body must be application/json');
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return buildRequestProblem('invalid-request', [{ pointer: '', detail: error.message }]);
  }
  return buildProblem(
    500,
    'internal-error',
    'the API failed; nothing was stored, so the call may be repeated with its key',
  );
}
