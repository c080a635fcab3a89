import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@astrolabe/service-kit';
import { clientOf, connectionFromConfig, createKafkaConnection } from './connection.ts';
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

test('a process connects under the name of its service, with credentials only where all are given', () => {
  const section = {
    kafkaBrokers: ['a:1', 'b:2'],
    kafkaClientId: 'astrolabe',
    kafkaSsl: true,
    kafkaSaslMechanism: 'plain',
    kafkaSaslUsername: 'user',
    kafkaSaslPassword: undefined,
  };
  const connection = connectionFromConfig(section, 'mapper', silentLogger);
  assert.deepEqual([connection.brokers, connection.clientId], [['a:1', 'b:2'], 'astrolabe.mapper']);
});
