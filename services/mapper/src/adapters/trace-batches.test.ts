import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartitionState } from '@astrolabe/processing';
import { headerNames, toHeaders, topicsFor, type ConsumedRecord, type TopicRecord } from '@astrolabe/records';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { commandKinds } from '@astrolabe/schemas';
import { createRecordedTracing, type RecordedTracing } from '@astrolabe/tracing/in-memory';
import { mappingRulesOf } from '../core/mapping-rules.ts';
import { userStateCodec } from '../core/user-state.ts';
import { createMapBatch } from '../map-batch.ts';
import { acme, eventRecord, receivedAtMs } from '../testing/events.ts';
import { createBatchTraces } from './trace-batches.ts';

const topics = topicsFor();
const mapBatch = createMapBatch({
  encoder: createCommandEncoder(new Map(commandKinds.map((kind, index) => [kind, index + 1]))),
  topics,
  groupId: 'mapper',
  nowMs: () => receivedAtMs,
  rulesOf: () => mappingRulesOf(acme, new Set()),
  maxRecordBytes: 1_000_000,
  maxUsers: 1_000,
});

function parentOf(request: number, flags = '01'): string {
  return `00-${request.toString(16).padStart(32, '1')}-${request.toString(16).padStart(16, '2')}-${flags}`;
}

function event(traceparent: string | undefined, fields: Readonly<Record<string, string>> = {}): ConsumedRecord {
  const record = eventRecord({ type: 'identify', messageId: 'm-1', userId: 'u', traits: { plan: 'pro' } });
  return { ...record, headers: { ...record.headers, ...toHeaders({ traceparent, ...fields }) } };
}

function start(tracing: RecordedTracing = createRecordedTracing()) {
  const deadLetterTopic = topics.segmentEventsDeadLetters.name;
  const traces = createBatchTraces(tracing, { groupId: 'mapper', deadLetterTopic });
  const transform = traces.begun(mapBatch);
  const map = (...records: readonly ConsumedRecord[]) => transform(records, new PartitionState(userStateCodec));
  return { tracing, traces, map };
}

const traceparents = (outputs: readonly TopicRecord[]) =>
  outputs.map(({ headers }) => headers[headerNames.traceparent]?.toString());

test("a sampled event's span goes on with its trace, and its commands carry that span", () => {
  const { tracing, traces, map } = start();
  const { outputs, result } = map(event(parentOf(1), { tracestate: 'vendor=1' }));
  const [batch, span] = tracing.spans;
  assert.equal(span?.parent?.traceparent, parentOf(1));
  assert.deepEqual([span.name, span.kind], ['process segment.events.v1', 'consumer']);
  assert.deepEqual(span.links, [batch?.context]);
  assert.deepEqual(traceparents(outputs), [span.context.traceparent]);
  assert.equal(String(outputs[0]?.headers[headerNames.tracestate]), 'vendor=1');
  assert.deepEqual([span.isEnded, batch?.isEnded], [false, false]);
  traces.stored(result);
  assert.deepEqual([span.isEnded, batch?.isEnded], [true, true]);
  assert.deepEqual([span.attributes['astrolabe.outcome'], span.attributes['astrolabe.commands']], ['mapped', 1]);
});

test('a batch is one span, with links to no more than 128 of the traces in it', () => {
  const { tracing, map } = start();
  map(event(parentOf(1)), event(parentOf(1)), event(parentOf(2, '00')), event(undefined));
  const [batch] = tracing.spans;
  assert.deepEqual([batch?.parent, batch?.attributes['messaging.batch.message_count']], [undefined, 4]);
  assert.deepEqual(
    batch?.links.map(({ traceparent }) => traceparent),
    [parentOf(1)],
  );
  const large = start();
  large.map(...Array.from({ length: 300 }, (_, request) => event(parentOf(request + 1))));
  assert.equal(large.tracing.spans[0]?.links.length, 128);
  assert.equal(large.tracing.spans.length, 301);
});

test('an event that is not sampled costs no span, and what is made of it carries what it carried', () => {
  const { tracing, traces, map } = start();
  const { outputs, result } = map(event(parentOf(1, '00')), event(undefined));
  assert.equal(tracing.asked, 1, 'that of the batch');
  assert.deepEqual(traceparents(outputs), [parentOf(1, '00'), undefined]);
  traces.stored(result);
});

const again: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a replay': { 'replay-id': 'r1', 'replay-from': 'segment.events.v1:0:0' },
  'a redrive': { 'redrive-count': '1', 'redrive-from': 'segment.events.dlq.v1:0:5' },
};
for (const [what, marks] of Object.entries(again)) {
  test(`an event that ${what} sends again begins a trace of its own, with a link to the old one`, () => {
    const { tracing, map } = start();
    const { outputs } = map(event(parentOf(1), marks));
    const [, span] = tracing.spans;
    assert.equal(span?.parent, undefined);
    assert.equal(span?.links[0]?.traceparent, parentOf(1));
    assert.deepEqual(traceparents(outputs), [span.context.traceparent]);
  });
}

test('a dead-lettered event fails its span with the code, and the dead letter carries the span', () => {
  const { tracing, traces, map } = start();
  const { outputs, result } = map({ ...event(parentOf(1)), value: Buffer.from('no JSON') });
  traces.stored(result);
  const [, span] = tracing.spans;
  assert.deepEqual([span?.errorType, span?.isEnded], ['event.invalid-json', true]);
  assert.deepEqual(traceparents(outputs), [span?.context.traceparent]);
});

test('a batch without an answer fails its spans, once', () => {
  const { tracing, traces, map } = start();
  const { result } = map(event(parentOf(1)));
  traces.unanswered(result);
  traces.unanswered(result);
  traces.stored(result);
  assert.deepEqual(
    tracing.spans.map(({ errorType, isEnded }) => [errorType, isEnded]),
    Array.from({ length: 2 }, () => ['kafka.unavailable', true]),
  );
});

test('attributes name neither keys nor users nor anything that a sender wrote', () => {
  const { tracing, traces, map } = start();
  traces.stored(map(event(parentOf(1))).result);
  const told = JSON.stringify(tracing.spans.map(({ name, attributes }) => [name, attributes]));
  for (const secret of ['"u"', 'm-1', 'plan', 'pro"']) assert.ok(!told.includes(secret), secret);
});

test('without tracing the transform is used as it is', () => {
  const traces = createBatchTraces(undefined, { groupId: 'mapper', deadLetterTopic: 'd' });
  assert.equal(traces.begun(mapBatch), mapBatch);
});
