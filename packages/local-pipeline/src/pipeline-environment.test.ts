import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consoleEnvironment, sharedEnvironment, tracingVariables } from './pipeline-environment.ts';

const shell = {
  PATH: '/bin',
  HOME: '',
  KAFKA_SSL: 'true',
  KAFKA_CLIENT_ID: 'somebody',
  SCHEMA_REGISTRY_PASSWORD: 'secret',
  MAPPER_GROUP_ID: 'stray',
};
const stack = { kafkaBrokers: '127.0.0.1:9092', schemaRegistryUrl: 'http://127.0.0.1:8081', topicPrefix: 'a.' };

test('a shell configures the processes of a local stack in nothing but what the machine needs', () => {
  assert.deepEqual(sharedEnvironment({ ...stack, env: shell, isExternal: false }), {
    kafka: { KAFKA_BROKERS: '127.0.0.1:9092', KAFKA_TOPIC_PREFIX: 'a.' },
    schemaRegistry: { SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081' },
    machine: { PATH: '/bin' },
  });
});

test("credentials of somebody else's stack are passed on, each to those who need it", () => {
  const { kafka, schemaRegistry } = sharedEnvironment({ ...stack, env: shell, isExternal: true });
  assert.deepEqual(kafka, { KAFKA_BROKERS: '127.0.0.1:9092', KAFKA_TOPIC_PREFIX: 'a.', KAFKA_SSL: 'true' });
  assert.deepEqual(schemaRegistry, {
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081',
    SCHEMA_REGISTRY_PASSWORD: 'secret',
  });
});

test('the console is told of the same brokers, groups and replicas as the rest, and that it may do everything', () => {
  const shared = sharedEnvironment({ ...stack, env: shell, isExternal: false });
  assert.deepEqual(
    consoleEnvironment({
      shared,
      connectorsFile: '/data/connectors.json',
      ingestUrl: 'http://127.0.0.1:3100',
      apiUrl: 'http://127.0.0.1:3200',
      adminUrls: ['http://127.0.0.1:4001', 'http://127.0.0.1:4002'],
      services: { dispatcher: { DISPATCHER_GROUP_ID: 'own', DISPATCHER_RETRY_BASE_MS: '50' } },
      replicationFactor: 1,
    }),
    {
      ...shared.kafka,
      ...shared.schemaRegistry,
      DISPATCHER_GROUP_ID: 'own',
      CONNECTORS_FILE: '/data/connectors.json',
      KAFKA_REPLICATION_FACTOR: '1',
      DISPATCHER_API_URL: 'http://127.0.0.1:3200',
      CONSOLE_LOGIN: 'none',
      CONSOLE_ROLES: '*=admin',
      CONSOLE_SERVICE_URLS: 'http://127.0.0.1:4001,http://127.0.0.1:4002',
      CONSOLE_INGEST_URL: 'http://127.0.0.1:3100',
    },
  );
});

const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

test('where a shell switches tracing on, the services get its variables, and nothing else of the shell', () => {
  const env = { PATH: '/bin', OTEL_TRACES_EXPORTER: 'otlp', ...collector };
  assert.deepEqual(tracingVariables(env), { OTEL_TRACES_EXPORTER: 'otlp', ...collector });
});

test('without the switch what a shell has for other programs reaches no service', () => {
  for (const env of [
    { ...collector, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { ...collector, OTEL_TRACES_EXPORTER: '' },
  ])
    assert.deepEqual(tracingVariables(env), {});
});

test('each service keeps its own name', () => {
  const env = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_SERVICE_NAME: 'shop' };
  assert.deepEqual(tracingVariables(env), { OTEL_TRACES_EXPORTER: 'otlp' });
});
