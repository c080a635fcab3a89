import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import { createAuthority } from '@astrolabe/testkit';
import { clientOf, connectionFromConfig, createKafkaConnection, type KafkaConnection } from './connection.ts';
import { silentLogger } from './testing/silent-logger.ts';

test('what kafkajs logs comes out one level lower, since it calls each attempt that it repeats an error', () => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ name: 'test', level: 'trace', destination });
  const kafkajs = clientOf(createKafkaConnection({ brokers: ['b:9092'], clientId: 'c', logger })).logger();
  kafkajs.error('Connection error', { broker: 'b:9092' });
  kafkajs.warn('warned');
  kafkajs.info('told');
  const concurrent =
    'The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing';
  kafkajs.error('Response AddPartitionsToTxn', { error: concurrent });
  kafkajs.error('Not authorized to access topics: [Topic authorization failed]');
  kafkajs.warn('Limiting retries for the idempotent producer may invalidate EoS guarantees');
  assert.deepEqual(
    lines.map(({ level, msg, broker }) => [level, msg, broker]),
    [
      ['warn', 'kafkajs undefined: Connection error', 'b:9092'],
      ['info', 'kafkajs undefined: warned', undefined],
      ['debug', 'kafkajs undefined: told', undefined],
      ['debug', 'kafkajs undefined: Response AddPartitionsToTxn', undefined],
      ['debug', 'kafkajs undefined: Not authorized to access topics: [Topic authorization failed]', undefined],
    ],
  );
});

const definition = defineConfig(configSections.kafka);
const brokers = { KAFKA_BROKERS: 'a:1,b:2' };
const connectionOf = (env: Readonly<Record<string, string>>): KafkaConnection =>
  connectionFromConfig(readConfig(definition, { ...brokers, ...env }), 'mapper', silentLogger);

test('a process connects under the name of its service', () => {
  const connection = connectionOf({});
  assert.deepEqual([connection.brokers, connection.clientId], [['a:1', 'b:2'], 'astrolabe.mapper']);
});

test('the user is named as the brokers name it: by user name, by certificate, by the subject of a token', async () => {
  assert.equal(connectionOf({}).principal, 'User:ANONYMOUS');
  const login = { KAFKA_SASL_USERNAME: 'ann', KAFKA_SASL_PASSWORD: 'pw' };
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512']) {
    assert.equal(connectionOf({ ...login, KAFKA_SASL_MECHANISM: mechanism }).principal, 'User:ann');
  }
  const authority = await createAuthority('CN=tests');
  const { cert, key } = await authority.issue({ subject: 'CN=mapper, OU=pipeline, O=Acme' });
  const tls = { KAFKA_SSL: 'true', KAFKA_SSL_CERT: cert, KAFKA_SSL_KEY: key };
  assert.equal(connectionOf(tls).principal, 'User:O=Acme,OU=pipeline,CN=mapper');
  const oauth = {
    KAFKA_SASL_MECHANISM: 'oauthbearer',
    KAFKA_SASL_OAUTH_TOKEN_URL: 'https://idp.example/token',
    KAFKA_SASL_OAUTH_CLIENT_ID: 'mapper-client',
    KAFKA_SASL_OAUTH_CLIENT_SECRET: 's',
  };
  assert.equal(connectionOf(oauth).principal, 'the principal of client mapper-client');
});
