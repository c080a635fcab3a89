import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { findFreePorts } from '../network/free-ports.ts';
import { startLocalStack } from './local-stack.ts';

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('a stack that the environment names is used as it is, and is not ours to control', async (t) => {
  const kafkaPort = await listen(t, createServer());
  const [closedPort] = await findFreePorts(1);
  const registryPort = await listen(
    t,
    createHttpServer((_request, response) => response.writeHead(401, { connection: 'close' }).end()),
  );
  const env = {
    KAFKA_BROKERS: `127.0.0.1:${closedPort}, 127.0.0.1:${kafkaPort}`,
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${registryPort}/api`,
  };
  const lines: string[] = [];
  const stack = await startLocalStack({ env, log: (line) => lines.push(line) });
  assert.equal(stack.kind, 'external');
  assert.equal(stack.kafkaBrokers, env.KAFKA_BROKERS);
  assert.equal(stack.schemaRegistryUrl, env.SCHEMA_REGISTRY_URL);
  assert.equal(stack.kafka, undefined);
  assert.deepEqual(lines, ['local stack: external (KAFKA_BROKERS and SCHEMA_REGISTRY_URL are set)']);
  await stack.stop();
});

test('every address that does not answer is named in one message', async () => {
  const [first, second] = await findFreePorts(2);
  const env = { KAFKA_BROKERS: `127.0.0.1:${first}`, SCHEMA_REGISTRY_URL: `http://127.0.0.1:${second}` };
  await assert.rejects(
    startLocalStack({ env }),
    (error: unknown) =>
      isPipelineError(error, 'stack.unavailable') &&
      error.message.includes(`KAFKA_BROKERS=${env.KAFKA_BROKERS}`) &&
      error.message.includes(`SCHEMA_REGISTRY_URL=${env.SCHEMA_REGISTRY_URL}`),
  );
});

test('without Docker, Java and addresses one message says what to install', async () => {
  await assert.rejects(
    startLocalStack({ env: { ASTROLABE_STACK: 'jvm', PATH: '/nowhere', ASTROLABE_CACHE_DIR: '/tmp/astrolabe-none' } }),
    (error: unknown) =>
      isPipelineError(error, 'stack.unavailable') &&
      /no java on PATH; no mvn on PATH.* To go on, install Java 17 .*, or unset ASTROLABE_STACK\.$/.test(error.message),
  );
});
