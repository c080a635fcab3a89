import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerNames, headerText } from '@astrolabe/records';
import { ACTIVE_USERS, connectorOf, growthConnectors, growthCommand, growthEvent, indexOf } from './traffic.ts';

test('half of the users are those of the hot connector, and every connector of the file has some', () => {
  const connectors = Array.from({ length: ACTIVE_USERS }, (_, user) => connectorOf(user, 1_000));
  assert.equal(connectors.filter((id) => id === 'hot').length, ACTIVE_USERS / 2);
  const inFile = growthConnectors(1_000).map((each) => (each as { id: string }).id);
  assert.deepEqual(new Set(connectors), new Set(inFile));
});

test('an event and a command of one index are of one user, and tell their index', () => {
  for (const index of [0, 1, 255, 1_000_000]) {
    let occurredAt = Number.NaN;
    const command = growthCommand(index, 50, {
      encode: ({ record }) => {
        ({ occurredAt } = record);
        return Buffer.alloc(0);
      },
    });
    const event = growthEvent(index, 50);
    assert.deepEqual(event.key, command.key);
    const messageId = headerText(event.record, headerNames.messageId) ?? '';
    assert.equal(indexOf(messageId), index);
    assert.equal(headerText(command.record, headerNames.messageId), messageId);
    assert.ok(Number.isFinite(occurredAt));
  }
});
