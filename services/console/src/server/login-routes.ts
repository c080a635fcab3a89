/** Serves what a log-in needs: the only requests that nobody has to be signed in for, besides `GET /session`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Login, LoginAnswer, LoginRoute } from '../auth/login.ts';
import type { ConsoleMetrics } from '../console-metrics.ts';
import { isOwnOrigin, type OwnAddresses } from '../core/http/origin.ts';
import type { Refused } from '../core/http/problem.ts';
import { sendProblemPage } from './problem-page.ts';
import { sendRefusal } from './send-answer.ts';
import { toSession, type SessionOptions } from './session-route.ts';

/** A name and a password; anything longer is read by nobody who is not signed in. */
const MAX_LOGIN_BODY_BYTES = 8_192;

export interface LoginRoutesOptions extends SessionOptions {
  readonly login: Login;
  readonly prefix: string;
  readonly own: OwnAddresses;
  readonly metrics: ConsoleMetrics;
}

export function addLoginRoutes(app: FastifyInstance, options: LoginRoutesOptions): void {
  for (const route of options.login.routes) {
    app.route({
      method: route.method,
      url: `${route.at === 'api' ? options.prefix : options.config.basePath}${route.path}`,
      bodyLimit: MAX_LOGIN_BODY_BYTES,
      handler: async (request, reply) => answer(route, request, reply, options),
    });
  }
}

async function answer(
  route: LoginRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  options: LoginRoutesOptions,
): Promise<FastifyReply> {
  const refuse = (refused: Refused): FastifyReply => {
    options.metrics.requestRefused(refused.code);
    return sendRefusal(reply, refused);
  };
  const { headers } = request;
  const isOwn = isOwnOrigin(headers.origin, headers['sec-fetch-site']?.toString(), headers.host ?? '', options.own);
  // A foreign page could otherwise sign somebody in as somebody else.
  if (route.method === 'POST' && !isOwn) return refuse(foreignLogin);
  const body = route.body?.safeParse(request.body);
  if (body?.success === false) {
    const message = `the body is not valid: ${z.prettifyError(body.error)}`;
    return refuse({ status: 400, code: 'console.request-invalid', message });
  }
  const result = await route.handle({ headers, address: request.ip, target: request.url, body: body?.data });
  return send(result, reply, options, refuse);
}

const foreignLogin: Refused = {
  status: 403,
  code: 'console.origin-refused',
  message:
    'a page of another origin asked to sign in or out, so nothing was done; behind a proxy, set CONSOLE_PUBLIC_URL to the address that the browser shows',
};

function send(
  result: LoginAnswer,
  reply: FastifyReply,
  options: LoginRoutesOptions,
  refuse: (refused: Refused) => FastifyReply,
): FastifyReply {
  if ('cookies' in result && result.cookies.length > 0) reply.header('set-cookie', [...result.cookies]);
  switch (result.kind) {
    case 'signed-in':
      return reply.code(200).send(toSession(result.person, options));
    case 'signed-out':
      return reply.code(200).send(toSession(undefined, options));
    case 'redirect':
      return reply.redirect(result.location, 303);
    case 'failed':
      options.metrics.requestRefused(result.refused.code);
      return sendProblemPage(reply, result.refused, options.config.basePath);
    case 'refused':
      return refuse(result.refused);
  }
}
