/** Paths of the APIs that accept events. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { partnerEndpoint, trackingEndpoints, webhookEndpoint, type Endpoint } from '../core/request/endpoints.ts';

export type RouteHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** These are for servers: an API key does not belong in a page, so browsers do not learn that a page may use them. */
export function isServerPath(url: string): boolean {
  return /^\/+(?:segment|webhook)(?:[/?]|$)/.test(url);
}

/**
 * Before the paths of the Tracking API: Segment's own, with and without the version; June's SDKs (`/sdk/batch`);
 * Jitsu's (`/api/s/track`, and `/api/s/s2s/track` from servers).
 */
const trackingBases = ['/v1', '', '/sdk', '/api/s', '/api/s/s2s'] as const;

export function addEndpointRoutes(app: FastifyInstance, route: (endpoint: Endpoint) => RouteHandler): void {
  app.post('/segment', route(partnerEndpoint));
  app.post('/webhook/:connector', route(webhookEndpoint));
  for (const base of trackingBases) {
    for (const [path, endpoint] of trackingEndpoints) app.post(`${base}/${path}`, route(endpoint));
  }
}
