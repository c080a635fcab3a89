import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { GroupContact } from './group-contact.ts';

/** As kafkajs names them. */
const events = {
  GROUP_JOIN: 'consumer.group_join',
  HEARTBEAT: 'consumer.heartbeat',
  REBALANCING: 'consumer.rebalancing',
  CRASH: 'consumer.crash',
} as ConstructorParameters<typeof GroupContact>[0]['events'];

function createContact() {
  let nowMs = 0;
  const emitter = new EventEmitter();
  const on = (event: string, listener: () => void) => emitter.on(event, listener);
  const contact = new GroupContact({ events, on }, () => nowMs);
  const after = (ms: number, event?: string): number => {
    nowMs += ms;
    if (event !== undefined) emitter.emit(event);
    return contact.silentMs();
  };
  return { after };
}

test('a member is silent since the last answer of its group', () => {
  const { after } = createContact();
  assert.equal(after(500), 500);
  assert.equal(after(100, events.GROUP_JOIN), 0);
  assert.equal(after(3_000), 3_000);
  assert.equal(after(10, events.HEARTBEAT), 0);
  assert.equal(after(700, events.CRASH), 700, 'a crash is not an answer');
});

test('a member that waits for the others of a rebalance is not silent, until it has crashed', () => {
  const { after } = createContact();
  after(0, events.GROUP_JOIN);
  assert.equal(after(1_000, events.REBALANCING), 0);
  assert.equal(after(60_000), 0);
  assert.equal(after(0, events.CRASH), 0);
  assert.equal(after(4_000), 4_000);
});
