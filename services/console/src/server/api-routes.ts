/** Serves the route table: who may, is the request as the route says, and then the route's own answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { present } from '@astrolabe/service-kit/errors';
import type { Login, SignedIn } from '../auth/login.ts';
import type { ConsoleMetrics, StreamEnd } from '../console-metrics.ts';
import type { ActionPolicy } from '../core/access/action-policy.ts';
import { judgeAccess } from '../core/access/judge-access.ts';
import { isOwnOrigin, type OwnAddresses } from '../core/http/origin.ts';
import type { Refused } from '../core/http/problem.ts';
import { readQuery } from '../core/http/read-query.ts';
import type { ApiAnswer, ApiRequest, Caller, Route } from '../routes/route.ts';
import { writeEventStream } from './event-stream.ts';
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
  const policy: ActionPolicy = {
    readOnly: options.config.readOnly,
    disabledActions: options.config.disabledActions ?? new Set(),
  };
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
        if (route.method !== 'GET' && !isSentByOwnPage(request, own)) return refuse(foreignOrigin);
        const signedIn = await options.login.identify(request.headers);
        const person = signedIn && { name: signedIn.name, role: signedIn.granted?.role };
        const access = judgeAccess(route, person, request.ip, policy);
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
    'a page of another origin asked for this change, so nothing was done; behind a proxy, set CONSOLE_PUBLIC_URL to the address that the browser shows',
};

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
  const end = (why: StreamEnd): void => gone.abort(why);
  const onStopping = (): void => end('stopping');
  options.stopping.addEventListener('abort', onStopping, { signal: gone.signal });
  reply.raw.once('close', () => end('left'));
  const reading = readRequest(route, request);
  if (reading.kind === 'refused') {
    metrics.requestRefused(reading.refused.code);
    return sendRefusal(reply, reading.refused);
  }
  const params = request.params as Readonly<Record<string, string>>;
  const result = await route.handle({ params, ...reading.parts, caller, signal: gone.signal });
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
  metrics.streamOpened(route.path);
  let why: StreamEnd = 'failed';
  try {
    const headers = reply.getHeaders() as Readonly<Record<string, string>>;
    why = await writeEventStream({ events, response: reply.raw, headers, over: gone.signal, clock });
  } catch (error) {
    logger.error({ err: error, route: route.path, requestId: reply.request.id }, 'stream failed');
  } finally {
    metrics.streamClosed(route.path, why);
    gone.abort(why);
  }
  return reply;
}

type RequestReading =
  | { readonly kind: 'read'; readonly parts: Pick<ApiRequest, 'query' | 'body'> }
  | { readonly kind: 'refused'; readonly refused: Refused };

function readRequest(route: Route, request: FastifyRequest): RequestReading {
  const refuse = (message: string): RequestReading => ({
    kind: 'refused',
    refused: { status: 400, code: 'console.request-invalid', message },
  });
  const reading = readQuery(request.url);
  if (reading.kind === 'repeated') return refuse(`the query has "${reading.name}" more than once; send one value`);
  const query = { ...reading.query };
  const lastEventId = request.headers['last-event-id'];
  const isStream = route.answers === 'stream';
  // Browsers send the header by themselves when they connect again, with the address that the page gave first.
  if (isStream && typeof lastEventId === 'string') query['lastEventId'] = lastEventId;
  const known = namesOf(route.query);
  const unknown = Object.keys(query).find((name) => !known.has(name) && !(isStream && name === 'lastEventId'));
  if (unknown !== undefined) {
    return refuse(
      `the query has "${unknown}", which this path does not take; it takes ${[...known].join(', ') || 'none'}`,
    );
  }
  const checkedQuery = route.query?.safeParse(query);
  if (checkedQuery?.success === false) return refuse(`the query is not valid: ${z.prettifyError(checkedQuery.error)}`);
  if (route.body === undefined) {
    return request.body === undefined || isEmptyObject(request.body)
      ? { kind: 'read', parts: { query, body: undefined } }
      : refuse('this path takes no body; send none');
  }
  const checkedBody = route.body.safeParse(request.body);
  if (!checkedBody.success) return refuse(`the body is not valid: ${z.prettifyError(checkedBody.error)}`);
  return { kind: 'read', parts: { query, body: checkedBody.data } };
}

function namesOf(query: Route['query']): ReadonlySet<string> {
  if (query === undefined) return new Set();
  if (!(query instanceof z.ZodObject)) throw new TypeError('the schema of a query is an object');
  return new Set(Object.keys(query.shape));
}

function isEmptyObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0;
}

/** The document says how a route answers, and pages rely on it. */
function assertDeclared({ method, path, answers = 'json' }: Route, { kind }: ApiAnswer): void {
  if (kind !== 'refused' && kind !== answers) {
    throw new TypeError(`${method} ${path} answered "${kind}", and its route says "${answers}"`);
  }
}
