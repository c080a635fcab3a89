/**
 * Segment's pixel API: an event in the address of an image. The answer is a transparent image of one pixel, with status 200 whatever is
 * wrong with the event, as Segment documents; what cannot be mended by its sender must not show as a broken image in an e-mail. Two
 * cases differ, since a 200 means stored: a limit is 429 and a store that is away is 503. Browsers and mail programs show the image all the same.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../core/answer.ts';
import type { ByteBudget } from '../core/byte-budget.ts';
import { trackingEndpoints, type Endpoint } from '../core/endpoints.ts';
import { ipv4Of } from '../core/client-ip.ts';
import { pixelBody } from '../core/pixel.ts';
import type { IngestHandler } from '../ingest-handler.ts';
import type { IngestMetrics } from '../ingest-metrics.ts';

export interface PixelRouteOptions {
  readonly handler: IngestHandler;
  readonly metrics: IngestMetrics;
  readonly budget: ByteBudget;
  /** The answer to what cannot be read now; undefined while it can. */
  readonly refuseNow: () => Answer | undefined;
  readonly overloaded: Answer;
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
/** Segment's, without the version, and RudderStack's. */
const bases = ['/v1/pixel', '/pixel', '/pixel/v1'] as const;
const types = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;

export function addPixelRoutes(app: FastifyInstance, options: PixelRouteOptions): void {
  for (const base of bases) {
    for (const type of types) {
      const endpoint = trackingEndpoints.get(type);
      if (endpoint === undefined) throw new TypeError(`there is no endpoint for ${type}`);
      const path = `${base}/${type}`;
      app.get(path, { exposeHeadRoute: false }, (request, reply) => answerPixel(options, endpoint, request, reply));
      // Programs that look through mails ask with HEAD before anybody has opened one: that is no event.
      app.head(path, (_request, reply) => sendImage(reply, 200));
    }
  }
}

async function answerPixel(
  { handler, metrics, budget, refuseNow, overloaded }: PixelRouteOptions,
  endpoint: Endpoint,
  { raw, headers, ip }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const hold = budget.open();
  try {
    const { url = '' } = raw;
    const body = pixelBody(url.slice(url.indexOf('?') + 1 || url.length));
    const early = refuseNow() ?? (hold.take(body.length) ? undefined : overloaded);
    const { traceparent } = headers;
    const { answer, connectorId } =
      early === undefined
        ? await handler.handle({
            endpoint,
            body,
            authorization: headers.authorization,
            webhook: undefined,
            traceparent: typeof traceparent === 'string' ? traceparent : undefined,
            clientIp: ipv4Of(ip),
            hold,
          })
        : { answer: early, connectorId: undefined };
    // With the status that the event would have had on the Tracking API, or nobody would see that a mailing has a wrong key.
    metrics.requestAnswered('pixel', connectorId ?? 'unknown', answer.status);
    const { status, retryAfterSeconds } = answer;
    if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
    return await sendImage(reply, status === 429 || status >= 500 ? status : 200);
  } finally {
    hold.release();
  }
}

function sendImage(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).header('content-type', 'image/gif').header('cache-control', 'no-store, private').send(GIF);
}
