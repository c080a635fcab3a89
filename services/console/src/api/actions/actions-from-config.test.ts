import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, readConfig } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { consoleConfig } from '../../config.ts';
import { actionRoutes } from './action-routes.ts';
import { actionsFromConfig } from './actions-from-config.ts';
import { ann } from './testing/open-test-actions.ts';

test('a console without brokers has its routes, and says of each change why it was not made', async () => {
  const env = {
    KAFKA_BROKERS: '127.0.0.1:1',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    CONSOLE_ROLES: '*=admin',
    CONSOLE_INGEST_URL: 'https://in.example.com/',
    CONSOLE_TEST_EVENTS_URL: 'http://ingest:3100/',
  };
  const away = new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true });
  const actions = actionsFromConfig({
    config: { ...readConfig(consoleConfig, env), replicationFactor: 3, ledgerWindowHours: 48 },
    apiTls: {},
    env,
    cluster: () => Promise.reject(away),
    isMasked: false,
    onChanged: () => undefined,
    logger: createLogger({ name: 'console', level: 'silent' }),
  });
  const { ingestUrl, testEventsUrl } = actions.context.connectors;
  assert.deepEqual([ingestUrl, testEventsUrl], ['https://in.example.com', 'http://ingest:3100']);
  actions.start();
  const routes = actionRoutes(actions.context);
  const { signal } = new AbortController();
  for (const [path, body] of [
    ['/plans/dismiss', { all: true }],
    ['/connectors', { name: 'Acme', freeEmailProviders: 'allow' }],
    ['/topics/apply', {}],
  ] as const) {
    const route = routes.find((each) => each.path === path);
    assert.ok(route?.body !== undefined, path);
    const answer = await route.handle({ params: {}, query: {}, body: route.body.parse(body), caller: ann, signal });
    assert.ok(answer.kind === 'refused', path);
    assert.deepEqual([answer.status, answer.code, answer.message], [503, 'kafka.unavailable', 'no broker answers']);
  }
  assert.equal(actions.knownJobs(), undefined);
  await actions.close();
});
