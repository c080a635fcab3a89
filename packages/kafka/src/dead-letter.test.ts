import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDeadLetter } from './dead-letter.ts';
import { consumedRecord } from './testing/records.ts';

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
  const letter = toDeadLetter(source, cause);
  assert.equal(letter.key, source.key);
  assert.equal(letter.value, source.value);
  assert.equal(letter.partition, 4);
  assert.equal(letter.headers['other'], source.headers['other']);
  assert.deepEqual(textsOf(letter.headers), {
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
  const letter = toDeadLetter(consumedRecord(), cause);
  assert.deepEqual([letter.key, letter.value], [null, null]);
});

test('a long message is cut, so that the letter finds its place on the topic', () => {
  const { headers } = toDeadLetter(source, { ...cause, message: 'x'.repeat(1_000_000) });
  assert.equal(headers['dlq.message']?.length, 2_000);
});

test('a record that dies again tells its last cause', () => {
  const first = toDeadLetter(source, { ...cause, status: 500, deliveryCount: 9 });
  const again = toDeadLetter(consumedRecord({ ...first, topic: 'redriven' }), { ...cause, message: 'second' });
  assert.equal(textsOf(again.headers)['dlq.message'], 'second');
  assert.equal(textsOf(again.headers)['dlq.topic'], 'redriven');
  assert.equal(textsOf(again.headers)['dlq.status'], undefined, 'the status was that of another death');
});
