import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { ConfigProblem } from './config-problems.ts';
import { configSections } from './config-sections.ts';
import { configValues } from './config-values.ts';
import { defineConfig, type ConfigOf } from './config.ts';
import { isPipelineError } from '../errors/errors.ts';
import { describeConfig, readConfig, type Environment } from './read-config.ts';

const definition = defineConfig(
  {
    ...configSections.kafka,
    port: { env: 'INGEST_PORT', schema: configValues.port(), default: 8080, description: 'Port to listen on.' },
    lingerMs: {
      env: 'INGEST_LINGER_MS',
      schema: configValues.integer({ min: 0, max: 1_000 }),
      default: 5,
      description: 'How long records are gathered.',
    },
    timeoutMs: {
      env: 'INGEST_TIMEOUT_MS',
      schema: configValues.integer({ min: 1, max: 60_000 }),
      default: 1_000,
      description: 'How long a request may take.',
    },
    token: { env: 'INGEST_TOKEN', schema: configValues.httpUrl().optional(), secret: true, description: 'Secret URL.' },
  },
  {
    prefix: 'INGEST_',
    rules: [
      {
        env: 'INGEST_LINGER_MS',
        check: ({ lingerMs, timeoutMs }) =>
          lingerMs < timeoutMs ? undefined : `less than INGEST_TIMEOUT_MS (${timeoutMs})`,
      },
    ],
  },
);

/** Compiles only as long as values have the types of their schemas. */
type Config = ConfigOf<typeof definition>;
const typed: (config: Config) => [readonly string[], number, string | undefined] = (config) => [
  config.kafkaBrokers,
  config.port,
  config.token,
];

function problemsOf(env: Environment): readonly ConfigProblem[] {
  try {
    readConfig(definition, env);
  } catch (error) {
    assert.ok(isPipelineError(error, 'config.invalid'));
    assert.equal(error.retryable, false);
    return error.details['problems'] as readonly ConfigProblem[];
  }
  return [];
}

const valid = { KAFKA_BROKERS: 'b:9092' };

test('values are parsed, absent and empty ones take their default, and the result is frozen', () => {
  const config = readConfig(definition, { ...valid, INGEST_PORT: '9000', INGEST_LINGER_MS: '', PATH: '/bin' });
  assert.deepEqual(typed(config), [['b:9092'], 9000, undefined]);
  assert.equal(config.lingerMs, 5);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.kafkaBrokers));
});

test('all problems come in one error, each with the variable, what was found and what was expected', () => {
  const env = { INGEST_PORT: '80a', KAFKA_SSL: 'yes', INGEST_PROT: '1' };
  assert.deepEqual(problemsOf(env), [
    { variable: 'KAFKA_BROKERS', found: undefined, expected: 'host:port, several separated by commas' },
    { variable: 'KAFKA_SSL', found: '"yes"', expected: 'true or false' },
    { variable: 'INGEST_PORT', found: '"80a"', expected: 'a port from 0 to 65535, where 0 takes a free one' },
    {
      variable: 'INGEST_PROT',
      found: 'unknown',
      expected: 'no other variable that begins with INGEST_ than those in docs/configuration.md',
      hint: 'did you mean INGEST_PORT?',
    },
  ]);
  assert.throws(
    () => readConfig(definition, env),
    (error: Error) => {
      assert.equal(
        error.message,
        [
          'the configuration has 4 problems:',
          '  KAFKA_BROKERS is not set; expected host:port, several separated by commas',
          '  KAFKA_SSL is "yes"; expected true or false',
          '  INGEST_PORT is "80a"; expected a port from 0 to 65535, where 0 takes a free one',
          '  INGEST_PROT is unknown; expected no other variable that begins with INGEST_ than those in ' +
            'docs/configuration.md (did you mean INGEST_PORT?)',
        ].join('\n'),
      );
      return true;
    },
  );
});

test('an unknown variable that resembles no known one gets no hint, and its value is never shown', () => {
  const [problem] = problemsOf({ ...valid, INGEST_SOMETHING_ELSE_ENTIRELY: 'hunter2' });
  assert.equal(problem?.hint, undefined);
  assert.doesNotMatch(JSON.stringify(problem), /hunter2/);
});

test('the variables that Kubernetes sets for a Service of the same name are not unknown', () => {
  const links = {
    INGEST_SERVICE_HOST: '10.0.0.1',
    INGEST_SERVICE_PORT: '80',
    INGEST_SERVICE_PORT_HTTP: '80',
    INGEST_PORT_80_TCP: 'tcp://10.0.0.1:80',
    INGEST_PORT_80_TCP_ADDR: '10.0.0.1',
  };
  assert.deepEqual(problemsOf({ ...valid, ...links }), []);
  const [problem] = problemsOf({ ...valid, INGEST_PORT: 'tcp://10.0.0.1:80' });
  assert.match(problem?.hint ?? '', /enableServiceLinks: false/);
});

const linesOf = (env: Environment): string[] =>
  problemsOf({ ...valid, ...env }).map(({ variable, found, expected }) => `${variable}: ${found}; ${expected}`);

test('a login needs what its mechanism needs, and nothing that is of another one', () => {
  const username = { KAFKA_SASL_USERNAME: 'ann' };
  const rest = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'pw' };
  assert.deepEqual(linesOf({ ...username, ...rest }), []);
  assert.deepEqual(linesOf(rest), ['KAFKA_SASL_USERNAME: undefined; a value because KAFKA_SASL_MECHANISM is plain']);
  assert.deepEqual(linesOf(username), [
    'KAFKA_SASL_USERNAME: "ann"; no value unless KAFKA_SASL_MECHANISM is plain, scram-sha-256 or scram-sha-512',
  ]);
  assert.deepEqual(linesOf({ KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_SASL_PASSWORD: 'hunter2' }), [
    ...['TOKEN_URL', 'CLIENT_ID', 'CLIENT_SECRET'].map(
      (name) => `KAFKA_SASL_OAUTH_${name}: undefined; a value because KAFKA_SASL_MECHANISM is oauthbearer`,
    ),
    'KAFKA_SASL_PASSWORD: set; no value unless KAFKA_SASL_MECHANISM is plain, scram-sha-256 or scram-sha-512',
  ]);
});

test('a certificate without encryption is refused, since the connection would not be encrypted', () => {
  assert.deepEqual(linesOf({ KAFKA_SSL_SERVER_NAME: 'kafka.example' }), [
    'KAFKA_SSL_SERVER_NAME: "kafka.example"; no value unless KAFKA_SSL is true',
  ]);
});

test('a rule over several settings is reported under its variable, with the default named as such', () => {
  const expected = 'less than INGEST_TIMEOUT_MS (3)';
  assert.deepEqual(problemsOf({ ...valid, INGEST_TIMEOUT_MS: '3' }), [
    { variable: 'INGEST_LINGER_MS', found: 'at its default', expected },
  ]);
  assert.deepEqual(problemsOf({ ...valid, INGEST_TIMEOUT_MS: '3', INGEST_LINGER_MS: '7' }), [
    { variable: 'INGEST_LINGER_MS', found: '"7"', expected },
  ]);
});

test('neither a secret nor the credentials of a URL appear in a problem', () => {
  assert.match(problemsOf({ ...valid, INGEST_TOKEN: 'hunter2' })[0]?.found ?? '', /^a secret that is not shown$/);
  const registry = defineConfig(configSections.schemaRegistry);
  for (const url of ['ftp://ann:hunter2@r', 'http://ann:hun@ter2@r :1', 'http://ann:hun/ter2@r :1']) {
    assert.throws(
      () => readConfig(registry, { SCHEMA_REGISTRY_URL: url }),
      (error: Error) => !/hun|ter2/.test(error.message),
    );
  }
});

test('a configuration that is printed or described hides its secrets', () => {
  const config = readConfig(definition, {
    ...valid,
    KAFKA_SASL_USERNAME: 'ann',
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_PASSWORD: 'hunter2',
    INGEST_TOKEN: 'https://hunter2.example',
  });
  assert.deepEqual(describeConfig(definition, config), {
    KAFKA_BROKERS: ['b:9092'],
    KAFKA_CLIENT_ID: 'astrolabe',
    KAFKA_TOPIC_PREFIX: '',
    KAFKA_SSL: false,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'ann',
    KAFKA_SASL_PASSWORD: '[redacted]',
    INGEST_PORT: 8080,
    INGEST_LINGER_MS: 5,
    INGEST_TIMEOUT_MS: 1_000,
    INGEST_TOKEN: '[redacted]',
  });
  assert.doesNotMatch(JSON.stringify({ config }) + inspect({ config }), /hunter2/);
  const registry = defineConfig(configSections.schemaRegistry);
  const described = describeConfig(registry, readConfig(registry, { SCHEMA_REGISTRY_URL: 'http://ann:hunter2@r' }));
  assert.deepEqual(described, { SCHEMA_REGISTRY_URL: 'http://[redacted]@r' });
});
