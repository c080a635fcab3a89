import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchRequest, sequenceIn, sequenceOf, singleRequest } from './events.ts';

const target = { host: 'h', writeKey: 'k', users: 7 };

function bodyOf(request: Buffer): unknown {
  const [head = '', body = ''] = request.toString().split('\r\n\r\n');
  assert.ok(head.includes(`content-length: ${Buffer.byteLength(body)}`), 'its length is announced');
  return JSON.parse(body);
}

test('a single event is an identify call of its user with the audience as a trait', () => {
  const event = bodyOf(singleRequest(target, 15)) as Record<string, unknown>;
  assert.equal(event['type'], 'identify');
  assert.equal(event['userId'], 'user-1');
  assert.equal((event['traits'] as Record<string, unknown>)['trial_expires_soon'], true);
});

test('a batch holds as many events as asked, each with a message id of its own', () => {
  const { batch } = bodyOf(batchRequest(target, 98_765, 100)) as { batch: { messageId: string }[] };
  assert.equal(batch.length, 100);
  assert.equal(new Set(batch.map(({ messageId }) => messageId)).size, 100);
});

test('the number of an event is found in the call that stems from it, single or bulk', () => {
  for (const index of [0, 9, 1_234_567]) {
    const { traits } = bodyOf(singleRequest(target, index)) as { traits: Record<string, unknown> };
    assert.equal(sequenceOf(JSON.stringify({ occurredAt: '2026-03-01T12:00:00.000Z', properties: traits })), index);
    assert.equal(sequenceIn(traits), index);
  }
});

test('a call that stems from none of the events is a fault of the measurement', () => {
  assert.throws(() => sequenceOf('{"properties":{}}'), /none of the events/);
  assert.throws(() => sequenceIn({}), /none of the events/);
});
