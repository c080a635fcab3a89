import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders, type ConsumedRecord } from '@astrolabe/kafka';
import { maxIdBytes } from '@astrolabe/segment';
import { eventRecord, receivedAtMs } from '../testing/events.ts';
import { readEvent } from './read-event.ts';

const identify = { type: 'identify', userId: 'u', messageId: 'from the event' };

function faultOf(record: ConsumedRecord): [string, string] {
  const read = readEvent(record);
  assert.ok(read.kind === 'unreadable');
  return [read.code, read.message];
}

test('an event is read with what its record says about it', () => {
  const read = readEvent(eventRecord(identify));
  assert.ok(read.kind === 'event');
  assert.equal(read.event.type, 'identify');
  assert.deepEqual(read.facts, { connectorId: 'acme', messageId: 'from the event', receivedAtMs });
});

test('the message id is that of the event, else that of the header', () => {
  const read = readEvent(eventRecord({ ...identify, messageId: undefined }));
  assert.ok(read.kind === 'event');
  assert.equal(read.facts.messageId, 'm-1');
  const headers = toHeaders({ 'connector-id': 'acme' });
  const [code, message] = faultOf(eventRecord({ ...identify, messageId: undefined }, { headers }));
  assert.deepEqual([code, message], ['event.invalid', 'the event has no messageId']);
});

test('an unreadable time of receipt falls back to the time of the record', () => {
  for (const receivedAt of [undefined, 'yesterday', '']) {
    const headers = toHeaders({ 'connector-id': 'acme', 'received-at': receivedAt });
    const read = readEvent(eventRecord(identify, { headers, timestampMs: 5 }));
    assert.ok(read.kind === 'event');
    assert.equal(read.facts.receivedAtMs, 5);
  }
});

test('a record that says nowhere when it was received is no event', () => {
  const headers = toHeaders({ 'connector-id': 'acme' });
  for (const timestampMs of [-1, 8_640_000_000_000_001, -(2 ** 63)]) {
    assert.deepEqual(faultOf(eventRecord(identify, { headers, timestampMs })), [
      'event.invalid',
      'the record does not say when it was received',
    ]);
  }
});

test('whole numbers beyond 2^53 are read exactly', () => {
  const read = readEvent(eventRecord('{"type":"identify","userId":9007199254740993,"traits":{"n":9007199254740993}}'));
  assert.ok(read.kind === 'event' && read.event.type === 'identify');
  assert.equal(read.event.userId, '9007199254740993');
  assert.equal(read.event.traits['n'], 9_007_199_254_740_993n);
});

test('what is no event says so, and by which rule', () => {
  const cases: readonly (readonly [ConsumedRecord, string, RegExp])[] = [
    [eventRecord('', { value: null }), 'event.invalid', /^the record has no value$/],
    [eventRecord(''), 'event.invalid-json', /^the value is no JSON: /],
    [eventRecord('{"type":'), 'event.invalid-json', /^the value is no JSON: /],
    [eventRecord('\uFEFF\uFEFF{}'), 'event.invalid-json', /^the value is no JSON: /],
    [eventRecord('', { value: Buffer.from([0, 0, 0, 0, 1, 2]) }), 'event.invalid-json', /^the value is no JSON: /],
    [eventRecord(identify, { headers: {} }), 'event.invalid', /^the record has no connector-id header$/],
    [eventRecord('[1]'), 'event.invalid', /expected a JSON object/],
    [eventRecord('null'), 'event.invalid', /expected a JSON object/],
    [eventRecord({ type: 'purchase', userId: 'u' }), 'event.unknown-type', /"purchase"/],
    [eventRecord({ type: 'identify' }), 'event.invalid', /needs a userId or an anonymousId/],
    [eventRecord({ type: 'track', userId: 'u' }), 'event.invalid', /name of its event/],
    [eventRecord({ type: 'identify', userId: 'u', traits: 7 }), 'event.invalid', /traits is a number/],
  ];
  for (const [record, code, message] of cases) {
    const fault = faultOf(record);
    assert.equal(fault[0], code, fault[1]);
    assert.match(fault[1], message);
  }
});

test('bytes that are not UTF-8 are refused: decoded, the event would have other ids than were sent', () => {
  const value = Buffer.concat([Buffer.from('{"type":"identify","userId":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const [code, message] = faultOf(eventRecord('', { value }));
  assert.equal(code, 'event.invalid-json');
  assert.match(message, /^the value is not UTF-8: byte 0xFF at position 29 /);
});

test('a record with a longer id than ingest takes is unreadable, with the field, its size and the limit', () => {
  const long = 'x'.repeat(maxIdBytes + 1);
  for (const [event, field] of [
    [{ type: 'identify', userId: long }, 'userId'],
    [{ type: 'delete', userId: long }, 'userId'],
    [{ type: 'track', anonymousId: long, event: 'E' }, 'anonymousId'],
    [{ type: 'group', userId: 'u', groupId: long }, 'groupId'],
    [{ type: 'alias', userId: 'u', previousId: long }, 'previousId'],
    [{ type: 'track', userId: 'u', event: 'E', context: { groupId: long } }, 'context.groupId'],
  ] as const) {
    const [code, message] = faultOf(eventRecord(event));
    assert.equal(code, 'event.invalid');
    assert.equal(message, `${field} has 513 bytes of UTF-8; an id may have at most 512`);
  }
});
