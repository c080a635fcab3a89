import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LagWatch } from './lag-watch.ts';

const bounds = (...highs: bigint[]) =>
  highs.map((highWatermark, partition) => ({ partition, lowWatermark: 0n, highWatermark }));
const commits = (...offsets: bigint[]) => new Map(offsets.map((nextOffset, partition) => [partition, { nextOffset }]));

test('a group is behind for as long as the oldest end that it has not passed has been there', () => {
  const watch = new LagWatch();
  assert.equal(watch.observe(0, bounds(10n, 10n), commits(10n, 4n)), 0);
  assert.equal(watch.observe(300, bounds(12n, 20n), commits(10n, 9n)), 300);
  assert.equal(watch.observe(500, bounds(12n, 30n), commits(12n, 10n)), 200);
  assert.equal(watch.observe(600, bounds(12n, 30n), commits(12n, 30n)), 0);
});

test('a group that keeps up is not behind, however much comes', () => {
  const watch = new LagWatch();
  for (let step = 1; step < 100; step += 1) {
    assert.ok(watch.observe(step * 100, bounds(BigInt(step * 1_000)), commits(BigInt((step - 1) * 1_000))) <= 100);
  }
});

test('a partition that never had a record for the group is not behind', () => {
  const watch = new LagWatch();
  const expired = [{ partition: 0, lowWatermark: 50n, highWatermark: 50n }];
  watch.observe(0, expired, new Map());
  assert.equal(watch.observe(1_000, expired, new Map()), 0);
});
