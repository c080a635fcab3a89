import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectorTrouble } from './connector-trouble.ts';

test('a refused key and a failing API are told apart, and a connector that works has no trouble', () => {
  const connector = { connector: 'acme', isHalted: false, callsInFlight: 1, callsLimit: 8, waiting: 2 } as const;
  assert.equal(connectorTrouble({ ...connector, circuit: 'closed' }), undefined);
  assert.match(
    connectorTrouble({ ...connector, circuit: 'open', isHalted: true }) ?? '',
    /refuses the key of connector acme/,
  );
  assert.match(connectorTrouble({ ...connector, circuit: 'open' }) ?? '', /calls for connector acme fail/);
  assert.match(connectorTrouble({ ...connector, circuit: 'probing' }) ?? '', /whether they work again/);
});
