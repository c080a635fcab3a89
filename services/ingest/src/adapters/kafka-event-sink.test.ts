import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInMemoryLog, type OutgoingRecord } from '@astrolabe/kafka';
import { PipelineError } from '@astrolabe/service-kit';
import { createKafkaEventSink } from './kafka-event-sink.ts';

const topics = { events: 'events', deadLetters: 'dead-letters' };
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

test('it rejects when either topic does', async () => {
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

test('nothing is sent to a topic that gets nothing', async () => {
  const log = createInMemoryLog();
  const asked: string[] = [];
  const send: typeof log.send = (topic, records) => {
    asked.push(topic);
    return log.send(topic, records);
  };
  await createKafkaEventSink({ ...log, send }, topics).store({ events: [recordOf('a')], deadLetters: [] });
  assert.deepEqual(asked, ['events']);
});
