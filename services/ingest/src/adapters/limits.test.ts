/** Segment's limits as a sender meets them, with the limits that ingest has by default. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { maxRequestBytes } from '@astrolabe/segment';
import { identifyCall, trackCall } from '@astrolabe/segment/testing';
import { startTestServer } from '../test-server.ts';
import { toText } from '../testing.ts';

const start = (t: TestContext) =>
  startTestServer(t, {
    maxBodyBytes: maxRequestBytes,
    maxInflatedBytes: maxRequestBytes,
    maxInFlightBytes: 4 * maxRequestBytes,
  });

function callOfBytes(bytes: number): object {
  const frame = JSON.stringify(trackCall(1, { properties: { text: '' } })).length;
  return trackCall(1, { properties: { text: 'x'.repeat(bytes - frame) } });
}

test('an event of 32 KB is accepted; one byte more is 400 alone, named in a batch, and a dead letter both times', async (t) => {
  const { sink, post, metric } = await start(t);
  assert.equal((await post('/v1/track', callOfBytes(32_768))).status, 200);
  const alone = await post('/v1/track', callOfBytes(32_769));
  assert.deepEqual([alone.status, alone.body['code']], [400, 'event.too-large']);
  const inBatch = await post('/v1/batch', { batch: [identifyCall(), callOfBytes(32_769)] });
  const reason = 'the event has 32769 bytes; at most 32768 are allowed';
  const { messageId } = trackCall();
  assert.deepEqual(
    [inBatch.status, inBatch.body],
    [200, { success: true, rejected: [{ index: 1, messageId, code: 'event.too-large', reason }] }],
  );
  assert.deepEqual(
    sink.deadLetters.map((record) => toText(record).headers['dlq.code']),
    ['event.too-large', 'event.too-large'],
  );
  assert.equal(await metric('ingest_events_total{connector="acme",type="track",verdict="rejected"}'), '2');
});

for (const [sender, bytes] of [
  ['Go and Python', 500_000],
  ['Ruby', 512_000],
  ['Rust', 524_288],
  ['the limit itself', maxRequestBytes],
] as const) {
  test(`a batch as large as that of ${sender} is accepted: ${bytes} bytes`, async (t) => {
    const { sink, post } = await start(t);
    const text = JSON.stringify({ batch: Array.from({ length: 20 }, () => callOfBytes(20_000)) });
    assert.equal((await post('/v1/batch', text.slice(0, -1) + ' '.repeat(bytes - text.length) + '}')).status, 200);
    assert.equal(sink.events.length, 20);
  });
}

test('a larger request is 400 as a whole, and counted for the connector of the key in its header', async (t) => {
  const { sink, post, metric } = await start(t);
  const answer = await post('/v1/batch', ' '.repeat(maxRequestBytes + 1));
  assert.deepEqual([answer.status, answer.body['code']], [400, 'event.too-large']);
  assert.match(String(answer.body['message']), /Exceed payload limit/);
  assert.equal(sink.events.length, 0);
  assert.equal(await metric('ingest_oversize_requests_total{connector="acme"}'), '1');
  assert.equal(await metric('ingest_requests_total{endpoint="batch",connector="acme",status="400"}'), '1');
});

test('of 2,501 events in a batch the last is named and the others are stored', async (t) => {
  const { sink, post } = await start(t);
  const batch = Array.from({ length: 2501 }, (_, index) => ({ type: 'identify', userId: 'u', messageId: `m${index}` }));
  const { status, body } = await post('/v1/batch', { batch });
  assert.equal(status, 200);
  assert.deepEqual(body['rejected'], [
    {
      index: 2500,
      messageId: 'm2500',
      code: 'event.too-large',
      reason: 'the event comes after the first 2500 of its batch',
    },
  ]);
  assert.deepEqual([sink.events.length, sink.deadLetters.length], [2500, 1]);
});

const refused: Readonly<Record<string, readonly [event: object, code: string]>> = {
  'a messageId of 101 characters': [trackCall(1, { messageId: 'm'.repeat(101) }), 'event.invalid'],
  '65 levels': [trackCall(1, { deep: JSON.parse(`${'['.repeat(64)}${']'.repeat(64)}`) as unknown }), 'event.too-large'],
  'a userId and an anonymousId that are both missing': [{ type: 'track', event: 'E' }, 'event.invalid'],
  'a track call without an event': [{ type: 'track', userId: 'u1' }, 'event.invalid'],
  'a type that is none': [{ type: 'nonsense', userId: 'u1' }, 'event.unknown-type'],
  'traits that are not an object': [identifyCall(1, { traits: 'gold' }), 'event.invalid'],
};

for (const [name, [event, code]] of Object.entries(refused)) {
  test(`an event with ${name} is the only one of its batch that is not stored`, async (t) => {
    const { sink, post } = await start(t);
    const { status, body } = await post('/v1/batch', { batch: [identifyCall(), event, trackCall()] });
    const rejected = body['rejected'] as { index: number; code: string }[];
    assert.deepEqual([status, rejected.map((entry) => [entry.index, entry.code])], [200, [[1, code]]]);
    assert.equal(sink.events.length, 2);
    assert.equal(toText(sink.deadLetters[0]).headers['dlq.code'], code);
  });
}
