import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '@astrolabe/service-kit';
import { mapperConfig } from './config.ts';

const minimal = {
  KAFKA_BROKERS: 'localhost:9092',
  SCHEMA_REGISTRY_URL: 'http://localhost:8081',
  CONNECTORS_FILE: 'connectors.json',
};
const read = (env: Record<string, string>) => readConfig(mapperConfig, { ...minimal, ...env });

test('an instance has no name in its group unless it is given one, in the characters that Kafka allows', () => {
  assert.equal(read({}).kafkaGroupInstanceId, undefined);
  assert.equal(read({ KAFKA_GROUP_INSTANCE_ID: 'mapper-0' }).kafkaGroupInstanceId, 'mapper-0');
  for (const name of ['..', 'mapper 0', 'a'.repeat(250)]) {
    assert.throws(() => read({ KAFKA_GROUP_INSTANCE_ID: name }), /KAFKA_GROUP_INSTANCE_ID/, name);
  }
});

test('heartbeats so rare that one slow one would end the session are a problem', () => {
  const rare = { KAFKA_SESSION_TIMEOUT_MS: '6000', KAFKA_HEARTBEAT_INTERVAL_MS: '2001' };
  assert.throws(() => read(rare), /KAFKA_HEARTBEAT_INTERVAL_MS.*at most a third of KAFKA_SESSION_TIMEOUT_MS/s);
  assert.equal(read({ ...rare, KAFKA_HEARTBEAT_INTERVAL_MS: '2000' }).kafkaHeartbeatIntervalMs, 2_000);
});
