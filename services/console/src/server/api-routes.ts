/** Serves the route table: who may, is the request as the route says, and then the route's own answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { present } from '@astrolabe/service-kit/errors';
import type { Login, SignedIn } from '../auth/login.ts';
import type { ConsoleMetrics, StreamEnd } from '../console-metrics.ts';
import type { ActionPolicy } from '../core/access/action-policy.ts';
import { judgeAccess } from '../core/access/judge-access.ts';
import { isOwnOrigin, type OwnAddresses } from '../core/http/origin.ts';
import { toProblem, type Refused } from '../core/http/problem.ts';
import type { ApiAnswer, Caller, Route } from '../routes/route.ts';
import { writeEventStream } from './event-stream.ts';
import { readRequest } from './read-request.ts';
import { isOfRequest, refuseFault, stoppingRefusal } from './refuse-fault.ts';
import { sendAnswer, sendRefusal } from './send-answer.ts';

export interface ApiRoutesOptions {
  readonly routes: readonly Route[];
  /** Base path and `/api/v1`. */
  readonly prefix: string;
  readonly own: OwnAddresses;
  readonly login: Login;
  readonly config: {
    readonly readOnly: boolean;
    readonly disabledActions: ActionPolicy['disabledActions'] | undefined;
  };
  readonly metrics: ConsoleMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

interface Admitted {
  readonly caller: Caller;
  readonly signedIn: SignedIn;
}

export function addApiRoutes(app: FastifyInstance, options: ApiRoutesOptions): void {
  const { routes, prefix, own, metrics } = options;
  const { readOnly, disabledActions = new Set() } = options.config;
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  for (const route of routes) {
    app.route({
      method: route.method,
      url: `${prefix}${route.path}`,
      // Before the body is read: a stranger's costs nothing.
      onRequest: async (request, reply) => {
        const refuse = (refused: Refused): FastifyReply => {
          metrics.requestRefused(refused.code);
          return sendRefusal(reply, refused);
        };
        if (!isSentByOwnPage(request, own)) return refuse(foreignOrigin);
        const signedIn = await options.login.identify(request.headers);
        const person = signedIn && { name: signedIn.name, role: signedIn.granted?.role };
        const access = judgeAccess(route, person, request.ip, { readOnly, disabledActions });
        if (access.kind === 'refused') return refuse(access.refused);
        admitted.set(request, { caller: access.caller, signedIn: present(signedIn, 'somebody who is signed in') });
        return undefined;
      },
      handler: (request, reply) => answer(route, request, reply, present(admitted.get(request), 'a caller'), options),
    });
  }
}

const foreignOrigin: Refused = {
  status: 403,
  code: 'console.origin-refused',
  message:
    'a page of another origin asked for this, so nothing was done; behind a proxy, set CONSOLE_PUBLIC_URL to the address that the browser shows',
};

/** Of reads too: a foreign page could not see what comes, but it could make the console read the brokers all day. */
function isSentByOwnPage({ headers }: FastifyRequest, own: OwnAddresses): boolean {
  const fetchSite = headers['sec-fetch-site'];
  return isOwnOrigin(headers.origin, fetchSite?.toString(), headers.host ?? '', own);
}

async function answer(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  { caller, signedIn }: Admitted,
  options: ApiRoutesOptions,
): Promise<FastifyReply> {
  const { metrics } = options;
  const gone = new AbortController();
  options.stopping.addEventListener('abort', () => gone.abort('stopping' satisfies StreamEnd), { signal: gone.signal });
  reply.raw.once('close', () => gone.abort('left' satisfies StreamEnd));
  const reading = readRequest(route, request);
  if (reading.kind === 'refused') {
    metrics.requestRefused(reading.refused.code);
    return sendRefusal(reply, reading.refused);
  }
  let result: ApiAnswer;
  try {
    const params = request.params as Readonly<Record<string, string>>;
    result = await route.handle({ params, ...reading.parts, caller, signal: gone.signal });
  } catch (error) {
    // It was told to give up, and nobody waits for more.
    if (gone.signal.aborted) return sendRefusal(reply, stoppingRefusal);
    throw error;
  }
  assertDeclared(route, result);
  if (result.kind === 'refused') metrics.requestRefused(result.code);
  if (result.kind !== 'stream') return sendAnswer(reply, result);
  return stream(route, result, reply, { gone, signedIn }, options);
}

async function stream(
  route: Route,
  { events }: Extract<ApiAnswer, { kind: 'stream' }>,
  reply: FastifyReply,
  { gone, signedIn }: { readonly gone: AbortController; readonly signedIn: SignedIn },
  { metrics, clock, logger }: ApiRoutesOptions,
): Promise<FastifyReply> {
  reply.hijack();
  if (signedIn.expiresAtMs !== undefined) {
    clock.sleep(signedIn.expiresAtMs - clock.nowMs(), gone.signal).then(
      () => gone.abort('session' satisfies StreamEnd),
      () => undefined,
    );
  }
  const { id: requestId } = reply.request;
  metrics.streamOpened(route.path);
  const why = await writeEventStream({
    events,
    response: reply.raw,
    headers: reply.getHeaders() as Readonly<Record<string, string>>,
    over: gone.signal,
    clock,
    onFailed: (error) => {
      const refused = refuseFault(error);
      if (!isOfRequest(refused)) logger.error({ err: error, route: route.path, requestId }, 'stream failed');
      return toProblem(refused, requestId);
    },
  });
  metrics.streamClosed(route.path, why);
  gone.abort(why);
  return reply;
}

/** The document says how a route answers, and pages rely on it. */
function assertDeclared({ method, path, answers = 'json' }: Route, { kind }: ApiAnswer): void {
  if (kind !== 'refused' && kind !== answers) {
    throw new TypeError(`${method} ${path} answered "${kind}", and its route says "${answers}"`);
  }
}
