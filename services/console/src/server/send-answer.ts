/** An answer of a route as an HTTP response. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { toProblem, type Refused } from '../core/http/problem.ts';
import type { ApiAnswer } from '../routes/route.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export function sendRefusal(reply: FastifyReply, refused: Refused): FastifyReply {
  if (refused.retryAfterSeconds !== undefined) reply.header('retry-after', String(refused.retryAfterSeconds));
  return reply
    .code(refused.status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(toProblem(refused, reply.request.id)));
}

/** Everything but a stream, which `event-stream.ts` writes. */
export function sendAnswer(reply: FastifyReply, answer: Exclude<ApiAnswer, { kind: 'stream' }>): FastifyReply {
  switch (answer.kind) {
    case 'json':
      return reply.code(200).type(JSON_TYPE).send(JSON.stringify(answer.body));
    case 'accepted':
      return reply.code(202).type(JSON_TYPE).send(JSON.stringify(answer.body));
    case 'download':
      return reply
        .code(200)
        .type(answer.contentType)
        .header('content-disposition', contentDisposition(answer.fileName))
        .send(Readable.from(answer.lines));
    case 'refused':
      return sendRefusal(reply, answer);
  }
}

/** RFC 6266, with a plain name for those that read no other. */
export function contentDisposition(fileName: string): string {
  const plain = fileName.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
