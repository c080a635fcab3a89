import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConnectorDirectory, type Connector } from './connectors.ts';

const acme: Connector = {
  id: 'acme',
  name: 'Acme',
  apiKey: 'ak-acme',
  writeKeys: ['wk-acme-1', 'wk-acme-2'],
  freeEmailProviders: 'allow',
  enabled: true,
};
const globex: Connector = { ...acme, id: 'globex', name: 'Globex', apiKey: 'ak-globex', writeKeys: [], enabled: false };

test('a connector is found by its id, its API key and each of its write keys, and by nothing else', () => {
  const directory = createConnectorDirectory([acme, globex]);
  assert.deepEqual(directory.all(), [acme, globex]);
  assert.equal(directory.byId('acme'), acme);
  assert.equal(directory.byId('Acme'), undefined);
  for (const key of ['ak-acme', 'wk-acme-1', 'wk-acme-2']) assert.equal(directory.byKey(key), acme);
  for (const key of ['', 'ak-acm', 'ak-acme ', 'AK-ACME', 'acme']) assert.equal(directory.byKey(key), undefined);
});

test('a disabled connector is found as well', () => {
  assert.equal(createConnectorDirectory([acme, globex]).byKey('ak-globex')?.enabled, false);
});

test('an empty directory finds no key', () => {
  assert.equal(createConnectorDirectory([]).byKey('ak-acme'), undefined);
});
