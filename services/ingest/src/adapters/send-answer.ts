import type { FastifyReply } from 'fastify';
import type { Answer } from '../core/request/answer.ts';

export function sendAnswer(reply: FastifyReply, { status, body, retryAfterSeconds }: Answer): FastifyReply {
  reply.code(status).header('content-type', 'application/json; charset=utf-8');
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  return reply.send(body);
}
