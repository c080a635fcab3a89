import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedBucket, toRetryAfterSeconds, type Shares } from './token-bucket.ts';

const limit = { perSecond: 10, burst: 20 };
const ONE: Shares = new Map([['a', 1]]);

function waitOf(bucket: SharedBucket, tokens: number, nowMs: number, name = 'a'): number {
  const taking = bucket.take(name, tokens, nowMs);
  return taking.kind === 'taken' ? 0 : taking.waitMs;
}

test('a request larger than the burst succeeds on a full bucket, and must be paid off before the next', () => {
  const bucket = new SharedBucket(limit, ONE, 0);
  assert.equal(waitOf(bucket, 100, 0), 0);
  assert.equal(waitOf(bucket, 1, 0), 8_100);
  assert.equal(waitOf(bucket, 1, 8_100), 0);
  assert.equal(waitOf(bucket, 100, 10_099), 1);
  assert.equal(waitOf(bucket, 100, 10_100), 0);
});

test('a lower limit takes effect at once, a higher one fills at its own rate, and a new key starts full', () => {
  const bucket = new SharedBucket({ perSecond: 10, burst: 1_000 }, ONE, 0);
  bucket.adjust(limit, ONE, 0);
  assert.equal(waitOf(bucket, 20, 0), 0);
  bucket.adjust({ perSecond: 100, burst: 1_000 }, ONE, 0);
  assert.equal(waitOf(bucket, 150, 1_000), 500);
  const two: Shares = new Map([
    ['a', 0.5],
    ['b', 0.5],
  ]);
  bucket.adjust({ perSecond: 100, burst: 1_000 }, two, 1_000);
  assert.equal(waitOf(bucket, 250, 1_000, 'b'), 0);
  assert.throws(() => bucket.take('c', 1, 1_000), RangeError);
});

test('a clock that is set back adds no tokens, and the bucket fills from there', () => {
  const bucket = new SharedBucket(limit, ONE, 100_000);
  assert.equal(waitOf(bucket, 20, 100_000), 0);
  assert.equal(waitOf(bucket, 1, 5_000), 100);
  assert.equal(waitOf(bucket, 1, 5_100), 0);
});

test('work charged afterwards is owed, and delays nothing once it is paid', () => {
  const bucket = new SharedBucket(limit, ONE, 0);
  bucket.charge('a', 25, 0);
  assert.deepEqual([bucket.debtMs('a', 0), bucket.debtMs('a', 499), bucket.debtMs('a', 500)], [500, 1, 0]);
  assert.deepEqual([bucket.isFull(2_499), bucket.isFull(2_500)], [false, true]);
});

test('Retry-After is whole seconds from 1 to 300', () => {
  const pairs = [0, 1, 1_000, 1_001, 299_001, 300_000, 1e9].map((waitMs) => toRetryAfterSeconds(waitMs));
  assert.deepEqual(pairs, [1, 1, 1, 2, 300, 300, 300]);
});
