/** 405 for every method that a path does not have, with its methods in `Allow`. */
import { METHODS } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './answers.ts';
import { buildProblem } from './problem.ts';

/** Never reaches a route: Node emits a separate event for it. */
const withoutRoute = 'CONNECT';

/** Call it before the first route is registered. Returns a function to call after the last one. */
export function watchMethods(app: FastifyInstance): () => void {
  const allowedByUrl = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const allowed = allowedByUrl.get(url) ?? new Set();
    allowedByUrl.set(url, allowed);
    for (const one of [method].flat()) allowed.add(one);
  });
  return () => {
    const all = METHODS.filter((method) => method !== withoutRoute);
    for (const method of all) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
    // A copy, because registering the refusals also triggers the hook.
    for (const [url, allowed] of [...allowedByUrl]) refuse(app, url, [...allowed], all);
  };
}

export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function refuse(app: FastifyInstance, url: string, allowed: readonly string[], all: readonly string[]): void {
  const allow = allowed.join(', ');
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const detail = `${pathOf(request)} has no ${request.method}, only ${allow}`;
    return sendProblem(reply.header('allow', allow), buildProblem(405, 'method-not-allowed', detail));
  };
  app.route({
    method: all.filter((method) => !allowed.includes(method)),
    url,
    exposeHeadRoute: false,
    // Before the body is read: a method that does not exist is 405 whatever the body is.
    onRequest: (request, reply) => void answer(request, reply),
    handler: answer,
  });
}
