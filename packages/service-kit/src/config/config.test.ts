import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { renderConfigTable } from './config-docs.ts';
import { configSections } from './config-sections.ts';
import { configValues } from './config-values.ts';
import { defineConfig } from './config.ts';
import { readConfig } from './read-config.ts';

test('a schema that does not say what it expects is refused when the configuration is defined', () => {
  assert.throws(
    () => defineConfig({ topic: { env: 'TOPIC', schema: z.string(), description: 'Where records go.' } }),
    /TypeError: the schema of TOPIC lacks \.describe/,
  );
});

test('two settings that read one variable are refused when the configuration is defined', () => {
  const setting = { env: 'TOPIC', schema: configValues.text(), description: 'Where records go.' };
  assert.throws(() => defineConfig({ topic: setting, other: setting }), /TypeError: two settings read TOPIC/);
});

test('the sections need only the addresses of Kafka and of the registry, and have these defaults', () => {
  const definition = defineConfig({
    ...configSections.kafka,
    ...configSections.schemaRegistry,
    ...configSections.process,
  });
  const config = readConfig(definition, { KAFKA_BROKERS: 'b:9092', SCHEMA_REGISTRY_URL: 'http://r:8081' });
  assert.deepEqual(
    { ...config },
    {
      kafkaBrokers: ['b:9092'],
      kafkaClientId: 'astrolabe',
      kafkaTopicPrefix: '',
      kafkaSsl: false,
      kafkaSslCa: undefined,
      kafkaSslCert: undefined,
      kafkaSslKey: undefined,
      kafkaSslKeyPassphrase: undefined,
      kafkaSslServerName: undefined,
      kafkaSaslMechanism: undefined,
      kafkaSaslUsername: undefined,
      kafkaSaslPassword: undefined,
      kafkaSaslOauthTokenUrl: undefined,
      kafkaSaslOauthClientId: undefined,
      kafkaSaslOauthClientSecret: undefined,
      kafkaSaslOauthScope: undefined,
      kafkaSaslOauthAudience: undefined,
      kafkaSaslOauthExtensions: undefined,
      kafkaSaslOauthCa: undefined,
      kafkaSaslAwsRegion: undefined,
      schemaRegistryUrl: 'http://r:8081',
      schemaRegistryUsername: undefined,
      schemaRegistryPassword: undefined,
      schemaRegistrySslCa: undefined,
      schemaRegistrySslCert: undefined,
      schemaRegistrySslKey: undefined,
      schemaRegistrySslKeyPassphrase: undefined,
      schemaRegistrySslServerName: undefined,
      logLevel: 'info',
      adminHost: '127.0.0.1',
      adminPort: 0,
      adminAllowedHosts: undefined,
      shutdownTimeoutMs: 20_000,
      connectorsFile: 'connectors.json',
    },
  );
});

test('a configuration renders as a table that marks what is required, optional and secret', () => {
  const { variables } = defineConfig({
    brokers: { env: 'BROKERS', schema: configValues.hostPorts(), description: 'Where to connect.' },
    lanes: {
      env: 'LANES',
      schema: configValues.integer({ min: 1, max: 64 }),
      default: 8,
      description: 'One\nor more.',
    },
    peers: { env: 'PEERS', schema: configValues.hostPorts(), default: ['a:1', 'b:2'], description: 'Either a | b.' },
    prefix: { env: 'PREFIX', schema: configValues.text(), default: '', description: 'Put before names.' },
    password: { env: 'PASSWORD', schema: configValues.text().optional(), secret: true, description: 'Log-in.' },
  });
  assert.equal(
    renderConfigTable(variables),
    [
      '| Variable | Expected | Default | Meaning |',
      '| --- | --- | --- | --- |',
      '| `BROKERS` | host:port, several separated by commas | required | Where to connect. |',
      '| `LANES` | a whole number from 1 to 64 | `8` | One or more. |',
      '| `PEERS` | host:port, several separated by commas | `a:1,b:2` | Either a \\| b. |',
      '| `PREFIX` | text | empty | Put before names. |',
      '| `PASSWORD` | text | not set | Log-in. Secret. |',
      '',
    ].join('\n'),
  );
});
