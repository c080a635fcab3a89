/** A console on a free port, with the routes and the mapping that a test gives it. */
import type { TestContext } from 'node:test';
import { createLogger, createMetrics, readConfig } from '@astrolabe/service-kit';
import { systemClock, type Clock } from '@astrolabe/service-kit/clock';
import { createLogin } from '../auth/create-login.ts';
import { consoleConfig } from '../config.ts';
import { createConsoleMetrics } from '../console-metrics.ts';
import type { Route } from '../routes/route.ts';
import { createConsoleServer } from '../server/console-server.ts';

export interface TestConsoleOptions {
  readonly routes?: readonly Route[];
  /** `CONSOLE_ROLES`. Default: everybody is admin. */
  readonly roles?: string;
  readonly basePath?: string;
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
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
  const metrics = createMetrics({ service: 'console' });
  const server = createConsoleServer({
    config,
    routes,
    login: createLogin(config),
    metrics: createConsoleMetrics(metrics),
    clock,
    logger: createLogger({ name: 'console', level: 'fatal' }),
  });
  const address = await server.listen({ host: config.host, port: config.port });
  t.after(() => server.close());
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
      return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined };
    },
    metrics: () => metrics.registry.metrics(),
  };
}
