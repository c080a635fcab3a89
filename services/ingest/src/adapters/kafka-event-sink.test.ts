import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordSizeBytes, type OutgoingRecord } from '@astrolabe/records';
import { createInMemoryLog } from '@astrolabe/records/in-memory';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createKafkaEventSink } from './kafka-event-sink.ts';

const tooLarge: string[] = [];
const topics = {
  events: 'events',
  deadLetters: 'dead-letters',
  onTooLarge: (topic: string) => void tooLarge.push(topic),
};
const recordOf = (value: string): OutgoingRecord => ({ key: Buffer.from('k'), value: Buffer.from(value), headers: {} });

test('events and dead letters go to their topics, and it resolves when both are stored', async () => {
  const log = createInMemoryLog();
  const sink = createKafkaEventSink(log, topics);
  const gate = log.hold();
  let isStored = false;
  const stored = sink.store({ events: [recordOf('a'), recordOf('b')], deadLetters: [recordOf('c')] });
  void stored.then(() => (isStored = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isStored, false);
  gate.release();
  await stored;
  const valuesOf = (topic: string) => log.records(topic).map(({ value }) => String(value));
  assert.deepEqual([valuesOf('events'), valuesOf('dead-letters')], [['a', 'b'], ['c']]);
});

test('it rejects if either topic rejects', async () => {
  const log = createInMemoryLog();
  const failure = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });
  const sink = createKafkaEventSink(
    {
      ...log,
      send: (topic, records) => (topic === 'dead-letters' ? Promise.reject(failure) : log.send(topic, records)),
    },
    topics,
  );
  await assert.rejects(sink.store({ events: [recordOf('a')], deadLetters: [recordOf('b')] }), failure);
});

test('nothing is sent to a topic without records', async () => {
  const log = createInMemoryLog();
  const asked: string[] = [];
  const send: typeof log.send = (topic, records) => {
    asked.push(topic);
    return log.send(topic, records);
  };
  await createKafkaEventSink({ ...log, send }, topics).store({ events: [recordOf('a')], deadLetters: [] });
  assert.deepEqual(asked, ['events']);
});

/**
 * A log whose brokers refuse what is larger, on every topic or on one: a send, whose records share a batch, and a
 * record.
 */
function createNarrowLog(maxBytes: number, narrow?: string) {
  const log = createInMemoryLog();
  const send: typeof log.send = (topic, records) => {
    const sizeBytes = records.reduce((sum, record) => sum + recordSizeBytes(record), 0);
    if (sizeBytes <= maxBytes || (narrow !== undefined && narrow !== topic)) return log.send(topic, records);
    return Promise.reject(new PipelineError('kafka.record-too-large', 'refused', { retryable: false }));
  };
  return { ...log, send };
}

test('if the brokers accept less than a request holds, everything they accept is stored, in order', async () => {
  const log = createNarrowLog(400);
  const names = Array.from({ length: 13 }, (_, index) => `${index}`.padEnd(100, 'x'));
  await createKafkaEventSink(log, topics).store({ events: names.map(recordOf), deadLetters: [] });
  assert.deepEqual(
    log.records('events').map(({ value }) => String(value)),
    names,
  );
});

test('an event that the brokers refuse becomes a dead letter that says what to do, and the others are stored', async () => {
  const log = createNarrowLog(500, 'events');
  tooLarge.length = 0;
  const events = ['a', 'b'.repeat(650), 'c'].map(recordOf);
  await createKafkaEventSink(log, topics).store({ events, deadLetters: [] });
  assert.deepEqual(
    log.records('events').map(({ value }) => String(value)),
    ['a', 'c'],
  );
  const [deadLetter] = log.records('dead-letters');
  assert.equal(String(deadLetter?.headers['dlq.code']), 'kafka.record-too-large');
  assert.match(String(deadLetter?.headers['dlq.message']), /raise message\.max\.bytes, then redrive/);
  assert.deepEqual(tooLarge, ['events']);
});

test('a dead letter that the brokers refuse is cut until they accept it, and says by how much', async () => {
  const log = createNarrowLog(500);
  await createKafkaEventSink(log, topics).store({
    events: [],
    deadLetters: [recordOf('d'.repeat(5_000)), recordOf('e')],
  });
  const deadLetters = log.records('dead-letters');
  const cut = deadLetters.find(({ value }) => String(value).startsWith('d'));
  assert.ok(cut?.value);
  assert.equal(Number(String(cut.headers['dlq.cut.bytes'])) + cut.value.length, 5_000);
  assert.deepEqual(deadLetters.map(({ value }) => String(value).charAt(0)).sort(), ['d', 'e']);
});

test('a size that no record fits is a fault, not an endless retry', async () => {
  const sink = createKafkaEventSink(createNarrowLog(10), topics);
  await assert.rejects(sink.store({ events: [recordOf('a'.repeat(100))], deadLetters: [] }), /refused/);
});
