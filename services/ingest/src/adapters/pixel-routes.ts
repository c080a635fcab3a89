/**
 * Segment's pixel API: an event in the address of an image. The answer is a transparent image of one pixel, with status
 * 200 whatever is wrong with the event, as Segment documents; what its sender cannot repair must not show as a broken
 * image in an e-mail. Two cases differ, since a 200 means stored: 429 beyond a limit, and 503 while events cannot be
 * stored. Browsers and mail programs show the image all the same.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../core/request/answer.ts';
import type { ByteHold } from '../core/limits/byte-budget.ts';
import { trackingEndpoints } from '../core/request/endpoints.ts';
import { pixelBody } from '../core/request/pixel.ts';
import type { AnswerRequest, EventRoute } from './answer-request.ts';
import type { BodyOwner, ReadBody } from './read-body.ts';

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
/** Segment's, without the version, and RudderStack's. */
const bases = ['/v1/pixel', '/pixel', '/pixel/v1'] as const;
const types = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;

export function addPixelRoutes(app: FastifyInstance, answerRequest: AnswerRequest): void {
  for (const type of types) {
    const endpoint = trackingEndpoints.get(type);
    if (endpoint === undefined) throw new TypeError(`there is no endpoint for ${type}`);
    const route: EventRoute = { endpoint, countedAs: 'pixel', readBody: readQuery, send: sendAsImage };
    for (const base of bases) {
      const path = `${base}/${type}`;
      app.get(path, { exposeHeadRoute: false }, (request, reply) => answerRequest(route, request, reply));
      // Mail scanners send HEAD before anybody has opened the mail, so HEAD does not count as an event.
      app.head(path, (_request, reply) => sendImage(reply, 200));
    }
  }
}

/**
 * The address is already in memory, and bounded together with all headers (`MAX_HEAD_BYTES`); the event made of it is
 * at most a few times as large.
 */
function readQuery({ raw }: FastifyRequest, hold: ByteHold, { owner }: BodyOwner): ReadBody {
  const { url = '' } = raw;
  const bytes = pixelBody(url.slice(url.indexOf('?') + 1 || url.length));
  if (!hold.take(bytes.length)) return { kind: 'overloaded' };
  return hold.claim(owner) ? { kind: 'body', body: { bytes, encoding: 'none' } } : { kind: 'beyond-share' };
}

/**
 * Counts the status that the event would have had on the Tracking API; otherwise a wrong key in a mailing would go
 * unnoticed.
 */
function sendAsImage(reply: FastifyReply, { status, retryAfterSeconds }: Answer): FastifyReply {
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  return sendImage(reply, status === 429 || status >= 500 ? status : 200);
}

function sendImage(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).header('content-type', 'image/gif').header('cache-control', 'no-store, private').send(GIF);
}
