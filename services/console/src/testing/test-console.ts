/** A console on a free port, with the routes and the mapping that a test gives it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { compileOpenApi, type OpenApiContract } from '@astrolabe/schemas/testing';
import { createLogger, createMetrics, readConfig } from '@astrolabe/service-kit';
import { systemClock, type Clock } from '@astrolabe/service-kit/clock';
import { createLogin } from '../auth/create-login.ts';
import { consoleConfig } from '../config.ts';
import { createConsoleMetrics } from '../console-metrics.ts';
import { openApiDocument } from '../openapi/document.ts';
import { loginOperations } from '../openapi/login-operations.ts';
import type { Route } from '../routes/route.ts';
import { createConsoleServer } from '../server/console-server.ts';
import type { WebFiles } from '../server/web-files.ts';
import { emptyWeb } from './web-folder.ts';

export interface TestConsoleOptions {
  readonly routes?: readonly Route[];
  /** `CONSOLE_ROLES`. Default: everybody is admin. */
  readonly roles?: string;
  readonly basePath?: string;
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Default: a page without scripts. */
  readonly web?: WebFiles;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed, if it is JSON. */
  readonly body: unknown;
}

export interface TestConsole {
  /** With the base path, without a slash at its end. */
  readonly url: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** `path` is below `/api/v1`. */
  ask(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<TestAnswer>;
  /** Ends it before the test does. */
  close(): Promise<void>;
  /** Text of `/metrics`. */
  metrics(): Promise<string>;
}

export async function startTestConsole(t: TestContext, options: TestConsoleOptions = {}): Promise<TestConsole> {
  const { routes = [], roles = '*=admin', basePath = '', env = {}, clock = systemClock } = options;
  const config = readConfig(consoleConfig, {
    KAFKA_BROKERS: '127.0.0.1:1',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    CONSOLE_ROLES: roles,
    CONSOLE_BASE_PATH: basePath,
    CONSOLE_PORT: '0',
    ...env,
  });
  const registry = createMetrics({ service: 'console' });
  const metrics = createConsoleMetrics(registry);
  const logger = createLogger({ name: 'console', level: 'fatal' });
  const server = createConsoleServer({
    config,
    routes,
    login: await createLogin({ config, clock, logger, onAttempt: metrics.loginAttempted }),
    metrics,
    web: options.web ?? emptyWeb,
    clock,
    logger,
  });
  const address = await server.listen({ host: config.host, port: config.port });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= server.close());
  t.after(close);
  const contract = compileOpenApi(openApiDocument([...loginOperations, ...routes]) as OpenApiContract['document']);
  const url = address.replace(/\/$/, '');
  return {
    url,
    origin: new URL(url).origin,
    ask: async (method, path, { body, headers } = {}) => {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
        redirect: 'manual',
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json') === true;
      const parsed: unknown = isJson ? JSON.parse(text) : undefined;
      assertDocumented(contract, { method, path }, answer, parsed);
      return { status: answer.status, headers: answer.headers, text, body: parsed };
    },
    close,
    metrics: () => registry.registry.metrics(),
  };
}

/** Holds an answer to the document. What is not a path of it is refused with a problem, and nothing else. */
function assertDocumented(
  contract: OpenApiContract,
  request: { readonly method: string; readonly path: string },
  { status, headers }: Response,
  body: unknown,
): void {
  const known = contract.responseErrors(request, { status, headers: Object.fromEntries(headers), body });
  const isUnknown = known.length === 1 && known[0]?.startsWith('there is no ') === true;
  const errors = isUnknown ? contract.errorsOf('Problem', body) : known;
  assert.deepEqual(
    errors,
    [],
    `${request.method} ${request.path} of ${Object.keys(contract.document.paths).length} paths`,
  );
}
