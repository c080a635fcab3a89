import type { FastifyReply } from 'fastify';
import { problemMediaType, type Problem } from './problem.ts';

export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json').send(text);
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type(problemMediaType).send(JSON.stringify(problem));
}
