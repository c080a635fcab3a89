import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecretName, redactSecrets } from './redact-secrets.ts';

test('a name is secret by its ending, in any spelling', () => {
  const secret = [
    'apiKey',
    'api_key',
    'API-KEY',
    'writeKey',
    'writeKeys',
    'authorization',
    'Authorization',
    'password',
  ];
  for (const name of [...secret, 'secret', 'kafkaSaslPassword', 'client_secret', 'webhookSecret'])
    assert.ok(isSecretName(name), name);
  for (const name of ['key', 'idempotencyKey', 'messageId', 'secretary', 'passwordless']) {
    assert.ok(!isSecretName(name), name);
  }
});

test('a value without secrets is returned equal', () => {
  const value = { a: 1, b: [true, null, 'text', { c: undefined }], d: 5n };
  assert.deepEqual(redactSecrets(value), value);
});

test('the value that was passed is not changed', () => {
  const value = { connector: { apiKey: 'k' } };
  redactSecrets(value);
  assert.deepEqual(value, { connector: { apiKey: 'k' } });
});

test('an absent secret is shown as absent', () => {
  assert.deepEqual(redactSecrets({ password: undefined, secret: null }), { password: undefined, secret: null });
});

test('bytes are shown by their number only', () => {
  assert.deepEqual(redactSecrets({ value: Buffer.from('{"email":"ann@example.com"}') }), { value: '[27 bytes]' });
});

test('dates and other values with a JSON form of their own keep it, secrets inside hidden', () => {
  const config = { toJSON: () => ({ apiKey: 'k', port: 1 }) };
  assert.deepEqual(redactSecrets({ at: new Date(0), config }), {
    at: '1970-01-01T00:00:00.000Z',
    config: { apiKey: '[redacted]', port: 1 },
  });
});

test('cycles, endless nesting and throwing getters are cut off instead of failing', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  assert.deepEqual(redactSecrets(circle), { self: '[circular]' });

  let deep: unknown = 'bottom';
  for (let level = 0; level < 50_000; level += 1) deep = { deep };
  assert.match(JSON.stringify(redactSecrets(deep)), /\[nested too deeply\]/);

  const throwing = {
    get value(): never {
      throw new Error('no');
    },
  };
  assert.deepEqual(redactSecrets({ throwing }), { throwing: '[cannot be shown]' });
});

test('one object in two places is shown twice', () => {
  const shared = { id: 'acme' };
  assert.deepEqual(redactSecrets([shared, shared]), [shared, shared]);
});
