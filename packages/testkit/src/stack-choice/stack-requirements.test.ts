import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClusterPossible, assertStackPossible, stackUnavailable } from './stack-requirements.ts';

const bare = { PATH: '/nowhere', ASTROLABE_CACHE_DIR: '/tmp/astrolabe-none' };

test('a machine with nothing is told what is missing for each way, and what opens it', () => {
  const { message } = stackUnavailable(undefined, ['no Docker engine', 'no java on PATH; no mvn on PATH']);
  assert.match(
    message,
    /: no Docker engine; no java on PATH; no mvn on PATH\. Do one of these: start Docker; install Java/,
  );
  assert.match(message, /set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to those of a running stack\.$/);
});

test('a way that is forced and not there names that way only', async () => {
  await assert.rejects(assertStackPossible({ ...bare, ASTROLABE_STACK: 'jvm' }), {
    code: 'stack.unavailable',
    message: /^ASTROLABE_STACK=jvm .*no java on PATH; no mvn on PATH.*, or unset ASTROLABE_STACK\.$/,
  });
  const silent = { ...bare, ASTROLABE_STACK: 'containers', DOCKER_HOST: 'tcp://127.0.0.1:1', HOME: '/nowhere' };
  const told = await assertStackPossible(silent).then(
    () => 'a Docker engine of this machine answers',
    (error: unknown) => String(error),
  );
  assert.match(told, /a Docker engine of this machine answers|127\.0\.0\.1:1 .*To go on, start Docker/);
});

test('a stack of somebody else needs nothing here, and a cluster needs Java and Maven whatever else there is', async () => {
  const external = { ...bare, KAFKA_BROKERS: 'x:1', SCHEMA_REGISTRY_URL: 'http://x' };
  await assertStackPossible(external);
  await assert.rejects(assertClusterPossible(external), {
    code: 'stack.unavailable',
    message: /^a cluster of several brokers .*: no java on PATH; no mvn on PATH.*install Java 17/,
  });
});
