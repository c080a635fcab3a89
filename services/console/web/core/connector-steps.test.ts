import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enterConnectorStep, isConnectorId, proposedId, type ConnectorStep } from './connector-steps.ts';

const all: readonly ConnectorStep[] = ['describing', 'adding', 'key-shown', 'json-shown', 'entering', 'testing'];

test('setting up goes on step by step: a key that was shown is not shown again', () => {
  const allowed = all.flatMap((from) =>
    all
      .filter((next) => {
        try {
          return enterConnectorStep(from, next) === next;
        } catch {
          return false;
        }
      })
      .map((next) => `${from} ${next}`),
  );
  assert.deepEqual(allowed, [
    'describing adding',
    'adding describing',
    'adding key-shown',
    'adding json-shown',
    'key-shown entering',
    'entering testing',
  ]);
});

test('an id is proposed that the connectors file takes, wherever the name has letters or digits of ASCII', () => {
  assert.deepEqual(['Acme (EU)', 'Zoë & Söhne', '  A  ', '例え'].map(proposedId), ['acme-eu', 'zoe-sohne', 'a', '']);
  assert.ok(isConnectorId(proposedId('x-'.repeat(60))));
  assert.ok(!isConnectorId('') && !isConnectorId('-a') && !isConnectorId('A') && !isConnectorId('a'.repeat(64)));
});
