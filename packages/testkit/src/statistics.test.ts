import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, percentile } from './statistics.ts';

test('the median is the middle value in order, or the mean of the two in the middle', () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.throws(() => median([]), /no values/);
});

test('a percentile is a value that was measured: the smallest that the share does not exceed', () => {
  const values = Float64Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(percentile(values, 0.5), 100);
  assert.equal(percentile(values, 0.99), 198);
  assert.equal(percentile(values, 1), 200);
  assert.equal(percentile([5], 0.99), 5);
  assert.equal(percentile([2, 10], 0.5), 2);
  assert.throws(() => percentile([], 0.5), /no values/);
});
