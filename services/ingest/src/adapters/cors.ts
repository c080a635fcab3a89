/**
 * Cross-origin rules (https://fetch.spec.whatwg.org/#http-cors-protocol) for browsers, which have sent an Authorization
 * header since analytics-next 1.84 and so ask before every POST. Any origin may send, also with credentials: the key
 * decides whose events they are, and cookies have no meaning here, so a page cannot misuse them.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { storedAnswer } from '../core/request/answer.ts';
import { allowedHeaders, validOrigin } from '../core/request/requested-headers.ts';
import { isServerPath } from './endpoint-routes.ts';
import { sendAnswer } from './send-answer.ts';

/** The longest that a browser keeps the answer (Chromium: 2 h). */
const PREFLIGHT_MAX_AGE_SECONDS = '7200';

/**
 * For every answer to a browser, including refusals and unknown paths; without it, a script cannot even read the
 * reason. `*` is not allowed for a request with credentials, so the answer names the origin if there is one.
 */
export function allowOrigin(reply: FastifyReply, { origin }: FastifyRequest['headers']): void {
  const named = validOrigin(origin);
  reply
    .header('access-control-allow-origin', named ?? '*')
    .header('access-control-expose-headers', 'retry-after')
    .header('vary', 'Origin');
  if (named !== undefined) reply.header('access-control-allow-credentials', 'true');
}

/**
 * Answers preflight requests on every path, since a page may read a 404 only if its preflight succeeded. The paths of
 * `serverRoutes` are excluded: they answer as for any method that they do not accept.
 */
export function addPreflight(app: FastifyInstance): void {
  app.options('/*', (request: FastifyRequest, reply: FastifyReply) => {
    if (isServerPath(request.url)) return reply.callNotFound();
    const requested = request.headers['access-control-request-headers'];
    reply
      .header('vary', 'Origin, Access-Control-Request-Headers')
      .header('access-control-allow-methods', 'GET, HEAD, POST')
      .header('access-control-allow-headers', allowedHeaders(requested))
      .header('access-control-max-age', PREFLIGHT_MAX_AGE_SECONDS);
    return sendAnswer(reply, storedAnswer);
  });
}
