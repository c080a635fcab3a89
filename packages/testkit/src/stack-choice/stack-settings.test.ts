import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { readStackSettings } from './stack-settings.ts';

const both = { KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:2' };
const external = { kafkaBrokers: '127.0.0.1:1', schemaRegistryUrl: 'http://127.0.0.1:2' };

test('with nothing set the way is chosen by what is there', () => {
  assert.deepEqual(readStackSettings({}), { forced: undefined, external: undefined });
  assert.deepEqual(readStackSettings({ KAFKA_BROKERS: '', SCHEMA_REGISTRY_URL: '', ASTROLABE_STACK: '' }), {
    forced: undefined,
    external: undefined,
  });
});

test('both addresses name a stack of somebody else', () => {
  assert.deepEqual(readStackSettings(both), { forced: undefined, external });
});

test('ASTROLABE_STACK forces a way, also against the addresses', () => {
  assert.deepEqual(readStackSettings({ ...both, ASTROLABE_STACK: 'jvm' }), { forced: 'jvm', external });
  assert.equal(readStackSettings({ KAFKA_BROKERS: 'x:1', ASTROLABE_STACK: 'containers' }).forced, 'containers');
});

for (const [title, env, message] of [
  ['one address without the other', { KAFKA_BROKERS: 'x:1' }, /KAFKA_BROKERS is set but SCHEMA_REGISTRY_URL is not/],
  ['the other without the one', { SCHEMA_REGISTRY_URL: 'http://x' }, /SCHEMA_REGISTRY_URL is set but KAFKA_BROKERS is/],
  ['external without addresses', { ASTROLABE_STACK: 'external' }, /needs both KAFKA_BROKERS and SCHEMA_REGISTRY_URL/],
  ['a way that does not exist', { ASTROLABE_STACK: 'podman' }, /"podman", expected one of external, containers, jvm/],
] as const) {
  test(`${title} is refused in one message`, () => {
    assert.throws(
      () => readStackSettings(env),
      (error: unknown) => isPipelineError(error, 'config.invalid') && message.test(error.message),
    );
  });
}
