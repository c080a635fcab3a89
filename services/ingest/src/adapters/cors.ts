/**
 * Cross-origin rules (https://fetch.spec.whatwg.org/#http-cors-protocol) for browsers, which have sent an Authorization header
 * since analytics-next 1.84 and so ask before every POST. Any origin may send: the key decides whose events they are, and
 * there are no cookies that a page could misuse.
 */
import type { FastifyReply } from 'fastify';

const allowedHeaders = 'authorization, content-type, content-encoding, x-retry-count, traceparent';
/** The longest that a browser keeps the answer (Chromium: 2 h). */
const PREFLIGHT_MAX_AGE_SECONDS = '7200';

/** For every answer to a browser; without it, a script cannot even read a refusal. */
export function allowOrigin(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', 'retry-after');
}

/** For the answer to the browser's question. */
export function allowRequest(reply: FastifyReply): void {
  allowOrigin(reply);
  reply
    .header('access-control-allow-methods', 'GET, POST')
    .header('access-control-allow-headers', allowedHeaders)
    .header('access-control-max-age', PREFLIGHT_MAX_AGE_SECONDS);
}
