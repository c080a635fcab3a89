import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { maxIdBytes } from '@astrolabe/segment';
import { eventRecord, facts, receivedAtMs } from '../testing/events.ts';
import { readEvent } from './read-event.ts';

const identify = { type: 'identify', userId: 'u', messageId: 'from the event' };

function faultOf(record: ConsumedRecord): [string, string] {
  const read = readEvent(record, receivedAtMs);
  assert.ok(read.kind === 'unreadable');
  return [read.code, read.message];
}

test("an event is read together with its record's headers", () => {
  const read = readEvent(eventRecord(identify), receivedAtMs);
  assert.ok(read.kind === 'event');
  assert.equal(read.event.type, 'identify');
  assert.deepEqual(read.facts, { ...facts, messageId: 'from the event' });
});

test("the message id is the event's, else the header's", () => {
  const read = readEvent(eventRecord({ ...identify, messageId: undefined }), receivedAtMs);
  assert.ok(read.kind === 'event');
  assert.equal(read.facts.messageId, 'm-1');
  const headers = toHeaders({ 'connector-id': 'acme' });
  const [code, message] = faultOf(eventRecord({ ...identify, messageId: undefined }, { headers }));
  assert.deepEqual([code, message], ['event.invalid', 'the event has no messageId']);
});

const bare = toHeaders({ 'connector-id': 'acme' });
const iso = (ms: number) => new Date(ms).toISOString();

test('an unreadable time of receipt falls back to the time of the record', () => {
  for (const receivedAt of [undefined, 'yesterday', '', '1970-01-01T00:00:00Z', '2100-01-01T00:00:00Z']) {
    const headers = toHeaders({ 'connector-id': 'acme', 'received-at': receivedAt });
    const read = readEvent(eventRecord(identify, { headers, timestampMs: receivedAtMs - 5 }), receivedAtMs);
    assert.ok(read.kind === 'event');
    assert.equal(read.facts.receivedAtMs, receivedAtMs - 5);
  }
});

const DAY_MS = 86_400_000;
/**
 * Of records: never set, none, seconds for milliseconds, microseconds, nanoseconds, a clock that is ahead, the least
 * and the most.
 */
const impossibleTimes = [
  0,
  -1,
  receivedAtMs / 1_000,
  receivedAtMs * 1_000,
  receivedAtMs * 1_000_000,
  receivedAtMs + DAY_MS + 1,
  Date.UTC(2099, 0, 1),
  -(2 ** 63),
  2 ** 63,
];

test("an impossible record time is not a time of receipt: the event's receivedAt counts, or else its own time", () => {
  const before = receivedAtMs - 60_000;
  for (const timestampMs of impossibleTimes) {
    for (const own of [{ receivedAt: iso(before) }, { timestamp: iso(before) }, { originalTimestamp: iso(before) }]) {
      const read = readEvent(eventRecord({ ...identify, ...own }, { headers: bare, timestampMs }), receivedAtMs);
      assert.ok(read.kind === 'event');
      assert.equal(read.facts.receivedAtMs, before, `${timestampMs} ${Object.keys(own)}`);
      assert.equal(read.facts.receipt.atMs, before);
    }
  }
});

test('a record without any time of receipt is not an event', () => {
  for (const timestampMs of impossibleTimes) {
    for (const own of [{}, { receivedAt: '1970-01-01T00:00:00Z' }, { timestamp: 'yesterday' }]) {
      assert.deepEqual(faultOf(eventRecord({ ...identify, ...own }, { headers: bare, timestampMs })), [
        'event.invalid',
        'neither the record nor the event says when it was received',
      ]);
    }
  }
});

test('a record is live unless it was sent again, or was received elsewhere long before', () => {
  const arrivalOf = (headers: object, receivedAt?: string) => {
    const given = { 'connector-id': 'acme', 'received-at': iso(receivedAtMs), ...headers };
    const record = eventRecord({ ...identify, receivedAt }, { headers: toHeaders(given) });
    const read = readEvent(record, receivedAtMs);
    assert.ok(read.kind === 'event');
    return [read.facts.receipt.arrival, read.facts.receipt.atMs - receivedAtMs];
  };
  assert.deepEqual(arrivalOf({}), ['live', 0]);
  assert.deepEqual(arrivalOf({}, iso(receivedAtMs - DAY_MS)), ['live', 0]);
  assert.deepEqual(arrivalOf({}, iso(receivedAtMs + DAY_MS)), ['live', 0]);
  assert.deepEqual(arrivalOf({}, iso(receivedAtMs - DAY_MS - 1)), ['archived', -DAY_MS - 1]);
  assert.deepEqual(arrivalOf({}, '1970-01-01T00:00:00Z'), ['live', 0], 'no time of receipt');
  assert.deepEqual(arrivalOf({ 'replay-id': 'r' }), ['repeated', 0]);
  assert.deepEqual(arrivalOf({ 'redrive-count': '1' }), ['repeated', 0]);
  assert.deepEqual(arrivalOf({ backfill: '1' }, iso(receivedAtMs - 5)), ['archived', -5]);
  assert.deepEqual(arrivalOf({ backfill: '1', 'replay-id': 'r' }, iso(receivedAtMs - 5)), ['archived', -5]);
});

test('whole numbers beyond 2^53 are read exactly', () => {
  const read = readEvent(
    eventRecord('{"type":"identify","userId":9007199254740993,"traits":{"n":9007199254740993}}'),
    receivedAtMs,
  );
  assert.ok(read.kind === 'event' && read.event.type === 'identify');
  assert.equal(read.event.userId, '9007199254740993');
  assert.equal(read.event.traits['n'], 9_007_199_254_740_993n);
});

test('a record that is not an event says so, and by which rule', () => {
  const cases: readonly (readonly [ConsumedRecord, string, RegExp])[] = [
    [eventRecord('', { value: null }), 'event.invalid', /^the record has no value$/],
    [eventRecord(''), 'event.invalid-json', /^the value is not JSON: /],
    [eventRecord('{"type":'), 'event.invalid-json', /^the value is not JSON: /],
    [eventRecord('\uFEFF\uFEFF{}'), 'event.invalid-json', /^the value is not JSON: /],
    [eventRecord('', { value: Buffer.from([0, 0, 0, 0, 1, 2]) }), 'event.invalid-json', /^the value is not JSON: /],
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

test('bytes that are not UTF-8 are refused: decoded, the event would have other ids than those sent', () => {
  const value = Buffer.concat([Buffer.from('{"type":"identify","userId":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const [code, message] = faultOf(eventRecord('', { value }));
  assert.equal(code, 'event.invalid-json');
  assert.match(message, /^the value is not UTF-8: byte 0xFF at position 29 /);
});

test('a record with a longer id than ingest accepts is unreadable, with the field, its size and the limit', () => {
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
