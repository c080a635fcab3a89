/** An event as an SDK sends it, and the trace that it leaves. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { eventually, type OtlpReceiver, type ReceivedSpan } from '@astrolabe/testkit';
import { WRITE_KEY } from './values.ts';

/** Sends an identify call with a trace that is sampled, and gives the trace's id. */
export async function deliver(ingestUrl: string, userId: string): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  const answer = await fetch(`${ingestUrl}/v1/identify`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`,
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
    },
    body: JSON.stringify({ userId, messageId: `message-of-${userId}`, traits: { plan: 'pro' } }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return traceId;
}

/** Resolves with a line for each span, from the request to the call of the API, once all of them have arrived. */
export async function untilTraced(
  collector: OtlpReceiver,
  traceId: string,
  eventTopic: string,
): Promise<readonly string[]> {
  const expected = [
    'astrolabe-ingest: server POST /v1/identify',
    `astrolabe-ingest: producer send ${eventTopic}`,
    `astrolabe-mapper: consumer process ${eventTopic}`,
    'astrolabe-dispatcher: client PUT /v1/users/{userId}',
  ];
  const arePresent = (): boolean => {
    assert.deepEqual(pathIn(collector.spans.filter((span) => span.traceId === traceId)).map(shown), expected);
    return true;
  };
  await eventually(arePresent, { timeoutMs: 60_000, describe: 'all spans of the trace' });
  return expected;
}

/** From the call of the API back to where the trace began here. */
function pathIn(spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  const path: ReceivedSpan[] = [];
  let span = spans.find(({ kind }) => kind === 'client');
  while (span !== undefined) {
    path.unshift(span);
    const { parentSpanId } = span;
    span = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  return path;
}

function shown({ kind, name, resource }: ReceivedSpan): string {
  return `${String(resource['service.name'])}: ${kind} ${name}`;
}
