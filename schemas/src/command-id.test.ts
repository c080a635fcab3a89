import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandId } from './command-id.ts';
import { commandKinds } from './generated/commands.ts';

test('ids never change: these were computed by sha256sum', () => {
  assert.equal(commandId('acme', 'm-1', 'UpsertUser'), 'e13f7f6b00247c1160d1682b004f38f7');
  assert.equal(commandId('acme', 'm-1', 'AssociateUser'), 'd6c3eb6d25857dce9830cea1a4659eb0');
  assert.equal(commandId('acme', 'm-1', 'TrackEvent'), '315081d124630059191e3c50a7948c2b');
  assert.equal(commandId('acme', 'm-1', 'UpsertAccount'), '42dc70c84ba6b97e7d34aa97c95b07fa');
  assert.equal(commandId('acme', 'm-1', 'DeleteUser'), '55c4441a08912166c87cb1a516139721');
  assert.equal(commandId('a"b', 'é\u0000', 'UpsertUser'), 'dff571637b99a390dc534e3777752333');
});

test('each kind of command of an event has its own id', () => {
  const ids = commandKinds.map((kind) => commandId('acme', 'm-1', kind));
  assert.equal(new Set(ids).size, commandKinds.length);
});

test('no choice of ids can be mistaken for another', () => {
  const pairs = [
    ['a', 'b,c'],
    ['a,b', 'c'],
    ['a"', '"b'],
    ['', 'a'],
    ['a', ''],
    ['["a"', 'b'],
  ] as const;
  const ids = pairs.map(([connectorId, messageId]) => commandId(connectorId, messageId, 'UpsertUser'));
  assert.equal(new Set(ids).size, pairs.length);
});
