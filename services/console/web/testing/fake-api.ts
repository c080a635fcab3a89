/** A scripted API: answers of the shapes that the real one has, without brokers. Changes are noted and answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionAnswer } from '../api/answers.ts';
import { auditAnswer, jobsAnswer } from './fixtures/audit.ts';
import { connectorAnswer, connectorsAnswer } from './fixtures/connectors.ts';
import { doctorAnswer, schemasAnswer, topicsAnswer } from './fixtures/contracts.ts';
import { deadLetter, deadLetterGroups, deadLetterRecords } from './fixtures/dead-letters.ts';
import { lagAnswer, lagHistory } from './fixtures/lag.ts';
import { liveRows } from './fixtures/live.ts';
import { overview } from './fixtures/overview.ts';
import { planAnswer } from './fixtures/plans.ts';
import { replayDetailAnswer, replaysAnswer } from './fixtures/replays.ts';
import { trail } from './fixtures/trail.ts';

export interface NotedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface Scripted {
  readonly status: number;
  readonly body: object;
}

export interface FakeApiOptions {
  /** Until somebody signs in: then an admin is. */
  readonly session?: Partial<SessionAnswer>;
  /** By method and path, such as `GET /overview`: an answer in place of the usual one. */
  readonly scripted?: Readonly<Record<string, Scripted | ((request: NotedRequest) => Scripted)>>;
  /** What each live stream sends, in order; then it stays open. */
  readonly streams?: Readonly<Record<string, readonly StreamedData[]>>;
}

export interface StreamedData {
  readonly event: string;
  readonly id?: string;
  readonly data: object;
}

export interface FakeApi {
  readonly requests: readonly NotedRequest[];
  /** Streams that are open now, by path. */
  openStreams(path: string): number;
  /** Sends one more event to each open stream of the path. */
  send(path: string, event: StreamedData): void;
  answer(request: IncomingMessage, response: ServerResponse, path: string, query: URLSearchParams): Promise<void>;
}

const ADMIN: SessionAnswer = {
  signedIn: true,
  login: { mode: 'oidc' },
  name: 'eva@example.com',
  role: 'admin',
  grantedBy: 'groups:pipeline-admins=admin',
  claims: { email: 'eva@example.com', groups: ['pipeline-admins', 'everybody'] },
  claimsLeft: [],
  expiresAt: new Date(Date.now() + 7_200_000).toISOString(),
  readOnly: false,
  disabledActions: [],
  basePath: '',
  version: '0.1.0',
};

export function createFakeApi({ session, scripted = {}, streams }: FakeApiOptions = {}): FakeApi {
  const requests: NotedRequest[] = [];
  const open = new Map<string, Set<ServerResponse>>();
  const events: Readonly<Record<string, readonly StreamedData[]>> = streams ?? usualStreams();
  let current: SessionAnswer = { ...ADMIN, ...session };
  const usual = usualAnswers(() => current);
  return {
    requests,
    openStreams: (path) => open.get(path)?.size ?? 0,
    send: (path, event) => {
      for (const response of open.get(path) ?? []) response.write(eventText(event));
    },
    answer: async (request, response, path, query) => {
      const noted: NotedRequest = {
        method: request.method ?? 'GET',
        path,
        query: Object.fromEntries(query),
        headers: request.headers,
        body: await readBody(request),
      };
      requests.push(noted);
      if (noted.method === 'POST' && path === '/login') current = ADMIN;
      const given = scripted[`${noted.method} ${path}`];
      if (given === undefined && path.endsWith('/stream')) {
        const all = open.get(path) ?? new Set();
        open.set(path, all.add(response));
        response.once('close', () => all.delete(response));
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
        response.write('retry: 100\n\n');
        for (const event of events[path] ?? []) response.write(eventText(event));
        return;
      }
      const { status, body } = given === undefined ? usual(noted) : typeof given === 'function' ? given(noted) : given;
      const contentType = status < 400 ? 'application/json' : 'application/problem+json';
      response
        .writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
        .end(JSON.stringify(body));
    },
  };
}

function eventText({ event, id, data }: StreamedData): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function usualStreams(): Readonly<Record<string, readonly StreamedData[]>> {
  const rows = liveRows(40);
  return {
    '/overview/stream': [{ event: 'overview', data: overview('1h') }],
    '/live/stream': [
      { event: 'state', data: { topics: [{ topic: 'events', state: 'reading' }] } },
      { event: 'rows', id: '40', data: { rows, dropped: 0, notRead: 0 } },
    ],
    '/replays/stream': [],
  };
}

const ok = (body: object): Scripted => ({ status: 200, body });

const NOT_FOUND: Scripted = {
  status: 404,
  body: {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    code: 'console.not-found',
    detail: 'There is no such path; the API is below /api/v1, as its OpenAPI document says.',
    requestId: '0d9c6b1e-0000-4000-8000-000000000000',
  },
};

function usualAnswers(session: () => SessionAnswer): (request: NotedRequest) => Scripted {
  return (request) => {
    const { method, path, query } = request;
    if (method !== 'GET') return changed(request);
    const [first = '', second, third, fourth] = path.slice(1).split('/').map(decodeURIComponent);
    switch (first) {
      case 'session':
        return ok(session());
      case 'overview':
        return ok(overview(query['period'] === '5m' || query['period'] === '24h' ? query['period'] : '1h'));
      case 'trail':
        return ok(trail(second === 'command' || second === 'user' ? second : 'message', third ?? ''));
      case 'connectors':
        return ok(second === undefined ? connectorsAnswer() : connectorAnswer(second));
      case 'dead-letters':
        if (second === undefined) return ok(deadLetterGroups());
        if (second === 'records') return ok(deadLetterRecords(query['after']));
        return ok(deadLetter(second, Number(third), fourth ?? '0'));
      case 'replays':
        return ok(second === undefined ? replaysAnswer() : replayDetailAnswer(second));
      case 'lag':
        return ok(second === undefined ? lagAnswer() : lagHistory(query['service'] ?? 'dispatcher'));
      case 'schemas':
        return ok(schemasAnswer());
      case 'topics':
        return ok(topicsAnswer());
      case 'doctor':
        return ok(doctorAnswer());
      case 'audit':
        return ok(auditAnswer());
      case 'jobs':
        return ok(jobsAnswer());
      default:
        return NOT_FOUND;
    }
  };
}

function changed({ path }: NotedRequest): Scripted {
  const plan = planAnswer(path);
  if (plan !== undefined) return ok(plan);
  if (path.endsWith('/execute') || path === '/dead-letters/redrive-edited')
    return { status: 202, body: jobsAnswer().jobs[0] ?? {} };
  if (path === '/connectors')
    return ok({ id: 'globex-eu', key: 'ak_live_7Yp2mQ9xT4vB8nKc', ingestUrl: 'https://events.example.com' });
  if (path.endsWith('/rotate')) {
    return ok({ id: 'acme', key: 'ak_live_n3wK3yN3wK3yN3wK', retire: '9f86d081' });
  }
  if (path.endsWith('/check')) return ok({ id: 'acme', key: { kind: 'accepted' } });
  if (path.endsWith('/test-event')) return ok({ messageId: 'test-1780000000000-4f1c' });
  return ok({});
}
