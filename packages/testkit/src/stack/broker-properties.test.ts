import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokerProperties, toKafkaImageVariables, toPropertiesFile, type BrokerLayout } from './broker-properties.ts';

const single: BrokerLayout = {
  nodeId: 1,
  listeners: [{ name: 'CLIENT', host: '127.0.0.1', port: 20_001 }],
  interBrokerListener: 'CLIENT',
  controllerListener: { name: 'CONTROLLER', host: '127.0.0.1', port: 20_002 },
  voters: [{ nodeId: 1, host: '127.0.0.1', port: 20_002 }],
  logDirectory: '/data/kafka',
};

test('a single broker listens where it says, and keeps one copy of everything', () => {
  const properties = brokerProperties(single);
  assert.equal(properties['listeners'], 'CLIENT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002');
  assert.equal(properties['advertised.listeners'], 'CLIENT://127.0.0.1:20001');
  assert.equal(properties['listener.security.protocol.map'], 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT');
  assert.equal(properties['controller.quorum.voters'], '1@127.0.0.1:20002');
  assert.equal(properties['auto.create.topics.enable'], 'false');
  for (const [key, value] of Object.entries(properties)) {
    if (key.endsWith('replication.factor') || key.endsWith('min.isr')) assert.equal(value, '1', key);
  }
});

test('of three brokers each keeps three copies, two of them in sync', () => {
  const voters = [1, 2, 3].map((nodeId) => ({ nodeId, host: '127.0.0.1', port: 21_000 + nodeId }));
  const properties = brokerProperties({ ...single, nodeId: 2, voters });
  assert.equal(properties['node.id'], '2');
  assert.equal(properties['controller.quorum.voters'], '1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003');
  assert.equal(properties['default.replication.factor'], '3');
  assert.equal(properties['transaction.state.log.replication.factor'], '3');
  assert.equal(properties['min.insync.replicas'], '2');
  assert.equal(properties['transaction.state.log.min.isr'], '2');
});

test('a properties file has one line for each property, backslashes escaped', () => {
  assert.equal(toPropertiesFile({ 'a.b': '1', 'log.dirs': 'C:\\data' }), 'a.b=1\nlog.dirs=C:\\\\data\n');
});

test('the image takes a property as a variable in upper case with underscores', () => {
  assert.deepEqual(toKafkaImageVariables({ 'offsets.topic.replication.factor': '1' }), {
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  });
});
