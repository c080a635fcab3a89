import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders, type OutgoingRecord, type RecordProducer } from '@astrolabe/records';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createRecordedTracing } from './in-memory/index.ts';
import { traceSends } from './traced-producer.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = (flags: string) => `00-${traceId}-00f067aa0ba902b7-${flags}`;

function start(failure?: Error, isSentAgain = false) {
  const sent: OutgoingRecord[] = [];
  const producer: RecordProducer = {
    send: async (topic, records) => {
      sent.push(...records);
      if (failure !== undefined) throw failure;
      return records.map((_, index) => ({ topic, partition: 2, offset: BigInt(index) }));
    },
    close: async () => undefined,
  };
  const tracing = createRecordedTracing();
  return {
    sent,
    tracing,
    producer: traceSends(producer, tracing, { isSentAgain: () => isSentAgain }),
    plain: producer,
  };
}

const record = (flags: string): OutgoingRecord => ({
  key: Buffer.from('key'),
  value: Buffer.from('value'),
  headers: toHeaders({ 'connector-id': 'acme', traceparent: parent(flags), tracestate: 'a=1' }),
});

test('a send of a sampled trace is a span, and its records carry that span', async () => {
  const { producer, tracing, sent } = start();
  await producer.send('events', [record('01'), record('01')]);
  const [span] = tracing.spans;
  assert.ok(span?.isEnded);
  assert.deepEqual([span.name, span.kind, span.parent?.traceparent], ['send events', 'producer', parent('01')]);
  assert.equal(span.attributes['messaging.batch.message_count'], 2);
  for (const { headers, key } of sent) {
    assert.equal(String(headers['traceparent']), span.context.traceparent);
    assert.deepEqual([String(headers['tracestate']), String(headers['connector-id'])], ['a=1', 'acme']);
    assert.equal(String(key), 'key');
  }
});

test('a record without a sampled trace is sent as it is, and no span is made for it', async () => {
  const { producer, tracing, sent } = start();
  const unsampled = record('00');
  const untraced = { ...unsampled, headers: {} };
  await producer.send('events', [unsampled]);
  await producer.send('events', [untraced]);
  assert.deepEqual(sent, [unsampled, untraced]);
  assert.equal(tracing.asked, 0);
});

test('the send of a record that was sent again begins a trace of its own, with a link to the old one', async () => {
  const { producer, tracing } = start(undefined, true);
  await producer.send('commands.dlq', [record('01')]);
  const [span] = tracing.spans;
  assert.deepEqual([span?.parent, span?.links.map(({ traceparent }) => traceparent)], [undefined, [parent('01')]]);
});

test('a send that fails fails its span, and rejects as before', async () => {
  const failure = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });
  const { producer, tracing } = start(failure);
  await assert.rejects(producer.send('events', [record('01')]), failure);
  assert.deepEqual([tracing.spans[0]?.errorType, tracing.spans[0]?.isEnded], ['kafka.unavailable', true]);
});

test('without tracing the producer is used as it is', () => {
  const { plain } = start();
  assert.equal(traceSends(plain, undefined), plain);
});
