import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDeadLetter } from './dead-letter.ts';
import { recordSizeBytes, type OutgoingRecord } from './record.ts';
import { consumedRecord } from '../testing/records.ts';
import { topicsFor } from '../topics/topics.ts';

const source = consumedRecord({
  topic: 'events',
  partition: 4,
  offset: 2n ** 60n,
  key: Buffer.from([1, 2]),
  value: Buffer.from([0, 255]),
  headers: { 'connector-id': Buffer.from('acme'), other: Buffer.from([7]) },
});
const cause = { code: 'event.invalid-json' as const, message: 'no JSON', group: 'mapper', atMs: 0 };

function textsOf(headers: Readonly<Record<string, Buffer>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.toString()]));
}

test('a dead letter is its source byte for byte, at the same partition, with the cause beside the headers it had', () => {
  const deadLetter = toDeadLetter(source, cause);
  assert.equal(deadLetter.key, source.key);
  assert.equal(deadLetter.value, source.value);
  assert.equal(deadLetter.partition, 4);
  assert.equal(deadLetter.headers['other'], source.headers['other']);
  assert.deepEqual(textsOf(deadLetter.headers), {
    'connector-id': 'acme',
    other: '\u0007',
    'dlq.code': 'event.invalid-json',
    'dlq.message': 'no JSON',
    'dlq.topic': 'events',
    'dlq.partition': '4',
    'dlq.offset': '1152921504606846976',
    'dlq.group': 'mapper',
    'dlq.at': '1970-01-01T00:00:00.000Z',
  });
});

test('what was tried is told where something was', () => {
  const { headers } = toDeadLetter(source, {
    ...cause,
    deliveryCount: 3,
    firstAttemptAtMs: 1,
    lastAttemptAtMs: 2,
    status: 503,
  });
  const texts = textsOf(headers);
  assert.equal(texts['dlq.delivery.count'], '3');
  assert.equal(texts['dlq.first.attempt.at'], '1970-01-01T00:00:00.001Z');
  assert.equal(texts['dlq.last.attempt.at'], '1970-01-01T00:00:00.002Z');
  assert.equal(texts['dlq.status'], '503');
});

test('a record without a key and a value is a dead letter without them', () => {
  const deadLetter = toDeadLetter(consumedRecord(), cause);
  assert.deepEqual([deadLetter.key, deadLetter.value], [null, null]);
});

test('a long message is cut so that the dead letter fits the topic', () => {
  const { headers } = toDeadLetter(source, { ...cause, message: 'x'.repeat(1_000_000) });
  assert.equal(headers['dlq.message']?.length, 2_000);
});

test('a record that is dead-lettered again has its last cause', () => {
  const first = toDeadLetter(source, { ...cause, status: 500, deliveryCount: 9 });
  const again = toDeadLetter(consumedRecord({ ...first, topic: 'redriven' }), { ...cause, message: 'second' });
  assert.equal(textsOf(again.headers)['dlq.message'], 'second');
  assert.equal(textsOf(again.headers)['dlq.topic'], 'redriven');
  assert.equal(textsOf(again.headers)['dlq.status'], undefined, 'the status belongs to the earlier cause');
});

const maxBatchBytes = topicsFor().segmentEventsDeadLetters.maxMessageBytes ?? 0;
/** Of a batch of one record. */
const BATCH_HEADER_BYTES = 61;

function assertFits(deadLetter: OutgoingRecord): void {
  assert.ok(recordSizeBytes(deadLetter) + BATCH_HEADER_BYTES <= maxBatchBytes, `${recordSizeBytes(deadLetter)} bytes`);
}

test('the largest record that a source topic takes uncompressed fits into its dead letter uncut', () => {
  const value = Buffer.alloc(1_048_400, 0x61);
  const deadLetter = toDeadLetter(consumedRecord({ value }), { ...cause, message: '\uffff'.repeat(3_000) });
  assert.equal(deadLetter.value, value);
  assert.equal(deadLetter.headers['dlq.cut.bytes'], undefined);
  assertFits(deadLetter);
});

test('a record that does not fit loses the end of its value, and the dead letter says how much, and where the source is', () => {
  const value = Buffer.alloc(3_000_000, 0x61);
  const deadLetter = toDeadLetter({ ...source, value }, cause);
  assertFits(deadLetter);
  assert.ok(recordSizeBytes(deadLetter) > maxBatchBytes - 2_000, 'as much as there is room for');
  assert.deepEqual(deadLetter.value, value.subarray(0, deadLetter.value?.length));
  assert.equal(deadLetter.key, source.key);
  assert.equal(deadLetter.headers['other'], source.headers['other']);
  const texts = textsOf(deadLetter.headers);
  assert.equal(texts['dlq.cut.bytes'], String(value.length - deadLetter.value.length));
  assert.equal(texts['dlq.code'], 'event.invalid-json');
  assert.deepEqual(
    [texts['dlq.topic'], texts['dlq.partition'], texts['dlq.offset']],
    ['events', '4', String(2n ** 60n)],
  );
});

test('a key and headers that do not fit are dropped, except for short headers of this pipeline', () => {
  const long = Buffer.alloc(2_000_000);
  const short = { 'connector-id': Buffer.from('acme'), 'message-id': Buffer.from('m') };
  const ofKey = toDeadLetter({ ...source, key: long, headers: short }, cause);
  assertFits(ofKey);
  assert.equal(ofKey.key, null);
  assert.deepEqual(ofKey.value, source.value);
  assert.equal(textsOf(ofKey.headers)['dlq.cut.bytes'], '2000000');

  const headers = { ...short, traceparent: long, foreign: Buffer.from('x'), other: long };
  const ofHeaders = toDeadLetter({ ...source, headers }, cause);
  assertFits(ofHeaders);
  assert.equal(ofHeaders.key, source.key);
  const texts = textsOf(ofHeaders.headers);
  assert.deepEqual([texts['connector-id'], texts['message-id']], ['acme', 'm']);
  assert.deepEqual([texts['traceparent'], texts['foreign'], texts['other']], [undefined, undefined, undefined]);
  assert.ok(Number(texts['dlq.cut.bytes']) > 4_000_000);
});

test('a dead letter that was cut, then edited, no longer counts as cut when it is dead-lettered again', () => {
  const first = toDeadLetter({ ...source, value: Buffer.alloc(3_000_000) }, cause);
  const again = toDeadLetter(consumedRecord({ ...first, value: Buffer.from('{}') }), cause);
  assert.equal(again.headers['dlq.cut.bytes'], undefined);
});
