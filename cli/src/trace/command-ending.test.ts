import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '@astrolabe/ledger';
import { explainWaiting, waitingOf } from './command-ending.ts';

const command = { commandId: 'c'.repeat(32), connectorId: 'acme', partition: 2, offset: 41n };
const entry = (outcome: Delivery['outcome'], offset: bigint): Delivery => ({
  commandId: command.commandId,
  connectorId: 'acme',
  outcome,
  status: 200,
  offset,
  atMs: 1,
});
const told = (deliveries: readonly Delivery[], nextOffset?: bigint, metadata = ''): string | undefined => {
  const waiting = waitingOf(command, deliveries, nextOffset === undefined ? undefined : { nextOffset, metadata });
  return waiting && explainWaiting(waiting);
};

test('a command with an entry in the ledger waits for nothing, wherever the commit stands', () => {
  for (const outcome of ['delivered', 'duplicate'] as const) assert.equal(told([entry(outcome, 7n)], 3n), undefined);
  assert.equal(told([entry('dead-lettered', 41n)], 3n), undefined);
});

test('a command that the dispatcher has not come to waits for it, a redriven dead letter too', () => {
  assert.equal(told([]), 'waits: the dispatcher has finished nothing of this partition yet');
  assert.equal(told([], 41n), 'waits: the dispatcher stands at offset 41');
  assert.equal(told([entry('dead-lettered', 7n)], 40n), 'waits: the dispatcher stands at offset 40');
});

test('a command behind the commit waits where the cursor of its connector says so', () => {
  assert.equal(told([], 90n, 'beta=1,acme=14'), 'waits: connector acme lags, its cursor stands at offset 40');
  assert.equal(told([], 90n, 'acme=1a'), undefined, 'the cursor at 46 is past it');
  assert.equal(told([], 90n, 'beta=1'), undefined, 'another connector lags');
  assert.equal(told([], 90n), undefined);
  assert.equal(told([], 90n, 'of another program'), undefined);
});
