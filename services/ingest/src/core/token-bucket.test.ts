import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullBucket, takeEvents, toRetryAfterSeconds, type TokenBucket } from './token-bucket.ts';

const limit = { eventsPerSecond: 10, burst: 20 };

function take(bucket: TokenBucket, events: number, nowMs: number): TokenBucket {
  const taking = takeEvents(bucket, events, limit, nowMs);
  assert.equal(taking.kind, 'taken');
  return taking.bucket;
}

test('a request larger than the burst is taken from a full bucket, and is owed before anything else is taken', () => {
  const owing = take(fullBucket(limit, 0), 100, 0);
  const refused = takeEvents(owing, 1, limit, 0);
  assert.ok(refused.kind === 'refused');
  assert.equal(refused.waitMs, 8_100);
  take(owing, 1, 8_100);
  assert.equal(takeEvents(owing, 100, limit, 9_999).kind, 'refused');
  take(owing, 100, 10_000);
});

test('a lower limit takes effect at once, a higher one fills at its own rate', () => {
  const bucket = fullBucket({ eventsPerSecond: 10, burst: 1_000 }, 0);
  assert.deepEqual(take(bucket, 20, 0), { milliTokens: 0, atMs: 0 });
  const taking = takeEvents({ milliTokens: 0, atMs: 0 }, 150, { eventsPerSecond: 100, burst: 1_000 }, 1_000);
  assert.ok(taking.kind === 'refused');
  assert.equal(taking.waitMs, 500);
});

test('a clock that is set back brings no tokens, and the bucket fills from there', () => {
  const empty = take(fullBucket(limit, 100_000), 20, 100_000);
  const refused = takeEvents(empty, 1, limit, 5_000);
  assert.ok(refused.kind === 'refused');
  assert.equal(refused.waitMs, 100);
  take(refused.bucket, 1, 5_100);
});

test('Retry-After is whole seconds from 1 to 300', () => {
  const pairs = [0, 1, 1_000, 1_001, 299_001, 300_000, 1e9].map((waitMs) => toRetryAfterSeconds(waitMs));
  assert.deepEqual(pairs, [1, 1, 1, 2, 300, 300, 300]);
});
