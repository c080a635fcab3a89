import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutcomeTally } from './outcome-tally.ts';

const record = (offset: bigint, messageId = `m${offset}`) => ({
  partition: 0,
  offset,
  connectorId: 'acme',
  eventKey: JSON.stringify(['acme', messageId]),
});
const upTo = (end: bigint) => (each: { offset: bigint }) => each.offset < end;
const nothing = () => false;

test('a command ends once, by the first record of its outcome', () => {
  const tally = new OutcomeTally('commands');
  for (const offset of [0n, 1n, 2n, 3n]) tally.sawCommand(record(offset));
  tally.sawDelivery(0, 0n, 'delivered');
  tally.sawDelivery(0, 0n, 'dead-lettered');
  tally.sawDelivery(0, 1n, 'duplicate');
  tally.sawDelivery(0, 2n, 'dead-lettered');
  tally.sawDelivery(1, 3n, 'delivered');
  tally.settle(nothing, upTo(3n));
  assert.equal(tally.settled, 3);
  tally.settle(nothing, upTo(4n));
  assert.deepEqual(tally.commands, { skippedByLedger: 1, delivered: 1, duplicate: 1, deadLettered: 1 });
  assert.deepEqual([tally.settled, tally.pendingCommands], [4, 0]);
});

test('an event ends with its commands, its dead letter, or nothing, and only when the mapper has passed it', () => {
  const tally = new OutcomeTally('events');
  for (const offset of [0n, 1n, 2n]) tally.sawEvent(record(offset));
  tally.sawCommand(record(7n, 'm0'));
  tally.sawCommand(record(8n, 'm0'));
  tally.sawEventDeadLetter(0, 1n);
  tally.settle(nothing, nothing);
  assert.equal(tally.settled, 1);
  tally.settle(upTo(3n), nothing);
  assert.deepEqual(tally.events, { mapped: 1, skipped: 1, deadLettered: 1 });
  assert.deepEqual([tally.settled, tally.commandsSeen, tally.pendingCommands], [3, 2, 2]);
});
