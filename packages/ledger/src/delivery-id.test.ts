import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import { deliveryIdOf, forcedDeliveryId } from './delivery-id.ts';

const commandId = '0123456789abcdef0123456789abcdef';
const idOf = (headers: Parameters<typeof toHeaders>[0], id = commandId): string =>
  deliveryIdOf({ headers: toHeaders(headers) }, id);

test('a command is delivered under its own id, in a replay too', () => {
  assert.equal(idOf({}), commandId);
  assert.equal(idOf({ 'replay-id': 'r1' }), commandId);
  assert.equal(idOf({ 'replay-force': '1' }), commandId);
  assert.equal(idOf({ 'replay-id': 'r1', 'replay-force': '0' }), commandId);
});

test('a forced replay gives each command an id of its own, always the same one', () => {
  const forced = idOf({ 'replay-id': 'r1', 'replay-force': '1' });
  assert.match(forced, /^[0-9a-f]{32}$/);
  assert.equal(forced, forcedDeliveryId('r1', commandId));
  assert.equal(idOf({ 'replay-id': 'r1', 'replay-force': '1' }), forced);
  const others = [
    commandId,
    idOf({ 'replay-id': 'r2', 'replay-force': '1' }),
    idOf({ 'replay-id': 'r1', 'replay-force': '1' }, 'another'),
  ];
  assert.equal(new Set([forced, ...others]).size, 4);
});
