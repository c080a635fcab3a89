import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toApiRequest } from '@astrolabe/schemas';
import { toHeaders } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import { createRecordedTracing } from '@astrolabe/tracing/in-memory';
import type { ApiCallReceiver, ApiClient, CalledCommand } from '../calls/api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import { toBulkItem, toBulkRequest } from '../core/bulk-request.ts';
import type { ApiOutcome } from '../core/classify-response.ts';
import { upsertUser } from '../testing/commands.ts';
import { traceCalls } from './traced-api-client.ts';

const COMMANDS = 'astrolabe.commands.v1';
const options = {
  apiUrl: 'https://api.test/base',
  deadLetterTopic: 'astrolabe.commands.dlq.v1',
  groupId: 'dispatcher',
};
const single = toApiRequest(upsertUser({ userId: 'jane@acme.test' }));
const ok: ApiOutcome = { kind: 'response', status: 200, headers: {}, body: '' };

function parentOf(trace: number, flags = '01'): string {
  return `00-${trace.toString(16).padStart(32, '1')}-${trace.toString(16).padStart(16, '2')}-${flags}`;
}

function command(traceparent: string | undefined, headers: Parameters<typeof toHeaders>[0] = {}): CalledCommand {
  const record = consumedRecord({ topic: COMMANDS, offset: 7n, headers: toHeaders({ traceparent, ...headers }) });
  return { connectorId: 'acme', record, attemptsBefore: 0 };
}

function bulkOf(commands: readonly CalledCommand[]): ApiRequest {
  return toBulkRequest(commands.map(() => toBulkItem(upsertUser({ userId: 'jane@acme.test' }))));
}

/** A client whose calls the test answers. */
function start() {
  const made: { readonly request: ApiRequest; readonly receiver: ApiCallReceiver }[] = [];
  let aborted = 0;
  const scripted: ApiClient = {
    call: (request, _apiKey, receiver) => {
      made.push({ request, receiver });
      return { abort: () => void (aborted += 1) };
    },
    close: async () => undefined,
  };
  const tracing = createRecordedTracing();
  const client = traceCalls(scripted, tracing, options);
  const outcomes: ApiOutcome[] = [];
  const receiver = { onOutcome: (outcome: ApiOutcome) => void outcomes.push(outcome) };
  const call = (request: ApiRequest, ...commands: readonly CalledCommand[]) =>
    client.call(request, 'the-key', receiver, commands);
  return { tracing, made, call, outcomes, scripted, aborted: () => aborted };
}

test('a call for one command goes on with its trace, and the API is told of the call', () => {
  const { tracing, made, call, outcomes } = start();
  call(single, { ...command(parentOf(1), { tracestate: 'vendor=1' }), attemptsBefore: 2 });
  const [span] = tracing.spans;
  assert.deepEqual([span?.name, span?.kind], ['PUT /v1/users/{userId}', 'client']);
  assert.equal(span?.parent?.traceparent, parentOf(1));
  const headers = ['traceparent', span.context.traceparent, 'tracestate', 'vendor=1'];
  assert.deepEqual(made[0]?.request, { ...single, traceHeaders: headers });
  assert.equal(span.isEnded, false);
  made[0].receiver.onOutcome(ok);
  assert.deepEqual(outcomes, [ok]);
  assert.deepEqual([span.isEnded, span.errorType], [true, undefined]);
  const { 'http.response.status_code': status, 'http.request.resend_count': resent } = span.attributes;
  assert.deepEqual([status, resent, span.attributes['server.address']], [200, 2, 'api.test']);
});

test('a command that is not sampled costs no span; the API is told of the trace that it came with, if any', () => {
  const { tracing, made, call } = start();
  call(single, command(parentOf(1, '00')));
  call(single, command(undefined));
  const bulk = [command(parentOf(1, '00')), command(undefined)];
  call(bulkOf(bulk), ...bulk);
  assert.equal(tracing.asked, 0);
  assert.deepEqual(
    made.map(({ request }) => request.traceHeaders),
    [['traceparent', parentOf(1, '00')], undefined, undefined],
  );
});

test('a bulk call is a trace of its own, and each of the traces in it has a span that leads to it', () => {
  const { tracing, made, call } = start();
  const commands = [command(parentOf(1)), command(parentOf(2, '00')), command(parentOf(3))];
  call(bulkOf(commands), ...commands);
  const [bulk, ...members] = tracing.spans;
  assert.deepEqual([bulk?.name, bulk?.kind, bulk?.parent], ['POST /v1/commands', 'client', undefined]);
  assert.deepEqual(
    bulk?.links.map(({ traceparent }) => traceparent),
    [parentOf(1), parentOf(3)],
  );
  assert.deepEqual(
    members.map(({ name, parent, links }) => [name, parent?.traceparent, links]),
    [1, 3].map((trace) => [`process ${COMMANDS}`, parentOf(trace), [bulk.context]]),
  );
  assert.deepEqual(made[0]?.request.traceHeaders, ['traceparent', bulk.context.traceparent]);
  made[0].receiver.onOutcome({ ...ok, status: 503 });
  assert.deepEqual(
    tracing.spans.map(({ errorType, isEnded }) => [errorType, isEnded]),
    Array.from({ length: 3 }, () => ['503', true]),
  );
});

test('a bulk call has no more than 128 links', () => {
  const { tracing, call } = start();
  const commands = Array.from({ length: 200 }, (_, trace) => command(parentOf(trace + 1)));
  call(bulkOf(commands), ...commands);
  assert.equal(tracing.spans[0]?.links.length, 128);
});

const again = {
  'a replay': { 'replay-id': 'r1', 'replay-from': `${COMMANDS}:0:7` },
  'a redrive': { 'redrive-count': '1', 'redrive-from': 'astrolabe.commands.dlq.v1:0:5' },
} as const;
for (const [what, marks] of Object.entries(again)) {
  test(`a command that ${what} sends again begins a trace of its own, with a link to the old one`, () => {
    const { tracing, call } = start();
    call(single, command(parentOf(1), marks));
    const [span] = tracing.spans;
    assert.deepEqual([span?.parent, span?.links[0]?.traceparent], [undefined, parentOf(1)]);
  });
}

test('a command that is made of a replayed or redriven event goes on with the trace that began there', () => {
  const { tracing, call } = start();
  call(single, command(parentOf(1), { 'replay-from': 'segment.events.v1:0:7' }));
  call(single, command(parentOf(2), { 'redrive-from': 'segment.events.dlq.v1:0:7' }));
  assert.deepEqual(
    tracing.spans.map(({ parent }) => parent?.traceparent),
    [parentOf(1), parentOf(2)],
  );
});

test('a call that gets no answer, or is given up, fails its span with the reason, once', () => {
  const { tracing, made, call, outcomes, aborted } = start();
  call(single, command(parentOf(1)));
  made[0]?.receiver.onOutcome({ kind: 'no-response', reason: 'timeout', message: 'no answer within 10 ms' });
  const second = call(single, command(parentOf(2)));
  second.abort();
  second.abort();
  assert.deepEqual(
    tracing.spans.map(({ errorType, isEnded }) => [errorType, isEnded]),
    [
      ['timeout', true],
      ['abandoned', true],
    ],
  );
  assert.deepEqual([outcomes.length, aborted()], [1, 2]);
});

test('attributes name neither keys nor users nor anything that a sender wrote', () => {
  const { tracing, made, call } = start();
  call(single, command(parentOf(1)));
  made[0]?.receiver.onOutcome({ ...ok, status: 400, body: 'jane@acme.test is refused' });
  const told = JSON.stringify(tracing.spans.map(({ name, attributes }) => [name, attributes]));
  for (const secret of ['jane', 'the-key', single.idempotencyKey ?? '']) assert.ok(!told.includes(secret), secret);
});

test('without tracing the client is used as it is', () => {
  const { scripted } = start();
  assert.equal(traceCalls(scripted, undefined, options), scripted);
});
