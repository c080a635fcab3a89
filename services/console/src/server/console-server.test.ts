import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { Route } from '../routes/route.ts';
import { startTestConsole } from '../testing/test-console.ts';

const echo: Route = {
  method: 'GET',
  path: '/echo/:id',
  role: 'viewer',
  summary: 'Echo',
  query: z.strictObject({ word: z.string().optional() }),
  answer: z.looseObject({}),
  handle: async ({ params, query, caller }) => ({ kind: 'json', body: { params, query, caller } }),
};

test('the API answers below the base path, with who asks', async (t) => {
  const console = await startTestConsole(t, { routes: [echo], basePath: '/ops/console' });
  const { status, headers, body } = await console.ask('GET', '/echo/a%2Fb?word=x');
  assert.equal(status, 200);
  assert.deepEqual(body, {
    params: { id: 'a/b' },
    query: { word: 'x' },
    caller: { name: 'local', role: 'admin', address: '127.0.0.1' },
  });
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal((await fetch(`${console.origin}/api/v1/echo/1`)).status, 404);
});

test('GET /session says who is signed in and with which role', async (t) => {
  const console = await startTestConsole(t, { roles: '*=reader' });
  const { body } = await console.ask('GET', '/session');
  assert.deepEqual(body, {
    signedIn: true,
    login: { mode: 'none' },
    name: 'local',
    role: 'reader',
    grantedBy: '*=reader',
    claims: { name: 'local' },
    claimsLeft: [],
    expiresAt: null,
    readOnly: false,
    disabledActions: [],
    basePath: '',
    version: '0.1.0',
  });
});

const change: Route = {
  method: 'POST',
  path: '/changes/:id',
  role: 'replayer',
  action: 'redrive',
  summary: 'Change',
  body: z.strictObject({ count: z.int() }),
  answer: z.looseObject({}),
  handle: async ({ params, body }) => ({ kind: 'json', body: { params, body } }),
};

const failing: Route = {
  method: 'GET',
  path: '/failing',
  role: 'viewer',
  summary: 'Fail',
  answer: z.looseObject({}),
  handle: async () => {
    throw new Error('on purpose: a secret');
  },
};

const unreachable: Route = {
  ...failing,
  path: '/unreachable',
  handle: async () => {
    throw new PipelineError('kafka.unavailable', 'no broker of http://me:secret@kafka:9092 answers', {
      retryable: true,
    });
  },
};

interface Case {
  readonly title: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly roles?: string;
  readonly ask: readonly [method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }];
  readonly status: number;
  readonly code: string;
}

const body = { count: 1 };
const refused: readonly Case[] = [
  { title: 'a path that does not exist', ask: ['GET', '/none'], status: 404, code: 'console.not-found' },
  {
    title: 'a method that the path does not take',
    ask: ['GET', '/changes/1'],
    status: 405,
    code: 'console.method-not-allowed',
  },
  {
    title: 'somebody without a role',
    roles: 'name:ann=admin',
    ask: ['GET', '/echo/1'],
    status: 403,
    code: 'console.role-missing',
  },
  {
    title: 'a role that is not enough',
    roles: '*=reader',
    ask: ['POST', '/changes/1', { body }],
    status: 403,
    code: 'console.role-missing',
  },
  {
    title: 'a change in a console that is read-only',
    env: { CONSOLE_READ_ONLY: 'true' },
    ask: ['POST', '/changes/1', { body }],
    status: 403,
    code: 'console.read-only',
  },
  {
    title: 'a change that is switched off',
    env: { CONSOLE_DISABLED_ACTIONS: 'rotate-key, redrive' },
    ask: ['POST', '/changes/1', { body }],
    status: 403,
    code: 'console.action-off',
  },
  {
    title: 'a change that a foreign page asks for',
    ask: ['POST', '/changes/1', { body, headers: { origin: 'https://evil.example' } }],
    status: 403,
    code: 'console.origin-refused',
  },
  {
    title: 'a change that a page without an origin asks for',
    ask: ['POST', '/changes/1', { body, headers: { origin: 'null' } }],
    status: 403,
    code: 'console.origin-refused',
  },
  {
    title: 'a change that a page of another port of this host asks for',
    ask: ['POST', '/changes/1', { body, headers: { 'sec-fetch-site': 'same-site' } }],
    status: 403,
    code: 'console.origin-refused',
  },
  {
    title: 'a query with a name that the path does not take',
    ask: ['GET', '/echo/1?wrod=x'],
    status: 400,
    code: 'console.request-invalid',
  },
  {
    title: 'a query with a name twice',
    ask: ['GET', '/echo/1?word=x&word=y'],
    status: 400,
    code: 'console.request-invalid',
  },
  {
    title: 'a body that breaks the schema',
    ask: ['POST', '/changes/1', { body: { count: 'one' } }],
    status: 400,
    code: 'console.request-invalid',
  },
  {
    title: 'a body that is not JSON by its type',
    ask: ['POST', '/changes/1', { body, headers: { 'content-type': 'text/plain' } }],
    status: 415,
    code: 'console.media-type',
  },
  {
    title: 'a body that is larger than any record',
    ask: ['POST', '/changes/1', { body: { count: 1, text: 'x'.repeat(8_400_000) } }],
    status: 413,
    code: 'console.body-too-large',
  },
  {
    title: 'a read that a foreign page asks for',
    ask: ['GET', '/echo/1', { headers: { 'sec-fetch-site': 'cross-site' } }],
    status: 403,
    code: 'console.origin-refused',
  },
  {
    title: 'what needs brokers that do not answer',
    ask: ['GET', '/unreachable'],
    status: 503,
    code: 'kafka.unavailable',
  },
  { title: 'a fault of the console', ask: ['GET', '/failing'], status: 500, code: 'console.internal' },
];

for (const { title, env = {}, roles = '*=admin', ask, status, code } of refused) {
  test(`${title} is refused as a problem with the code ${code}`, async (t) => {
    const console = await startTestConsole(t, { routes: [echo, change, failing, unreachable], env, roles });
    const answer = await console.ask(...ask);
    const problem = answer.body as Record<string, unknown>;
    assert.deepEqual([answer.status, problem['status'], problem['code']], [status, status, code]);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.ok(!answer.text.includes('secret'));
    assert.match(await console.metrics(), new RegExp(`console_refused_requests_total\\{code="${code}"\\} 1`));
  });
}

test('a console that stops tells a handler to give up, and the one who asked that it stops', async (t) => {
  const begun = Promise.withResolvers<undefined>();
  const slow: Route = {
    ...failing,
    path: '/slow',
    handle: ({ signal }) => {
      begun.resolve(undefined);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')));
      });
    },
  };
  const console = await startTestConsole(t, { routes: [slow] });
  const asked = console.ask('GET', '/slow');
  await begun.promise;
  await console.close();
  const { status, body, headers } = await asked;
  assert.deepEqual([status, (body as { readonly code: string }).code], [503, 'console.stopping']);
  assert.equal(headers.get('retry-after'), '5');
});

test('a download is a file of lines, whose name cannot leave its header', async (t) => {
  const download: Route = {
    ...failing,
    path: '/download',
    answers: 'download',
    handle: async () => ({
      kind: 'download',
      fileName: 'all "rows"\r\n.jsonl',
      contentType: 'application/x-ndjson',
      lines: (async function* () {
        yield '{"offset":"9223372036854775807"}\n';
        yield '{"text":"<b>"}\n';
      })(),
    }),
  };
  const { url } = await startTestConsole(t, { routes: [download] });
  const answer = await fetch(`${url}/api/v1/download`);
  assert.equal(answer.headers.get('content-type'), 'application/x-ndjson');
  assert.equal(
    answer.headers.get('content-disposition'),
    `attachment; filename="all__rows___.jsonl"; filename*=UTF-8''all%20%22rows%22%0D%0A.jsonl`,
  );
  assert.equal(await answer.text(), '{"offset":"9223372036854775807"}\n{"text":"<b>"}\n');
});

test('a route that answers in another way than its document says is a fault', async (t) => {
  const wrong: Route = { ...echo, path: '/wrong', handle: async () => ({ kind: 'accepted', body: {} }) };
  const console = await startTestConsole(t, { routes: [wrong] });
  assert.equal((await console.ask('GET', '/wrong')).status, 500);
});
