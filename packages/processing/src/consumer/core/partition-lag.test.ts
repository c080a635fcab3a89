import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lagOf, nextEnds, type PartitionEnds, type WorkPosition } from './partition-lag.ts';

const NOW_MS = 1_000_000;
const ends: PartitionEnds = { lowWatermark: 0n, lastStableOffset: 100n, behind: undefined };

function workPosition(partial: Partial<WorkPosition>): WorkPosition {
  return { finishedTo: 100n, readTo: 100n, oldestAtMs: undefined, ...partial };
}

test('what is finished up to the last stable offset has no lag, whatever is in an open transaction behind it', () => {
  assert.deepEqual(lagOf(workPosition({}), ends, NOW_MS), { records: 0, seconds: 0 });
});

test('lag reaches from what is finished to the last stable offset, and its seconds are the age of the first of it', () => {
  const lag = lagOf(workPosition({ finishedTo: 40n, readTo: 60n, oldestAtMs: NOW_MS - 9_000 }), ends, NOW_MS);
  assert.deepEqual(lag, { records: 60, seconds: 9 });
});

test('what was read since the last look at the brokers counts', () => {
  const lag = lagOf(workPosition({ finishedTo: 140n, readTo: 150n, oldestAtMs: NOW_MS - 500 }), ends, NOW_MS);
  assert.deepEqual(lag, { records: 10, seconds: 0.5 });
});

test('without a commit the lag is all that the topic has, and nothing is told before it is known', () => {
  const fresh = workPosition({ finishedTo: undefined, readTo: undefined });
  assert.equal(lagOf(undefined, ends, NOW_MS), undefined);
  assert.equal(lagOf(fresh, undefined, NOW_MS), undefined);
  assert.deepEqual(lagOf(fresh, { ...ends, lowWatermark: 30n }, NOW_MS)?.records, 70);
});

test('records that nobody reads grow older from the first look that saw them, until the work moves on', () => {
  const stuck = workPosition({ finishedTo: 40n, readTo: 40n });
  const first = nextEnds(undefined, ends, stuck, NOW_MS);
  const second = nextEnds(first, { ...ends, lastStableOffset: 120n }, stuck, NOW_MS + 5_000);
  assert.deepEqual(lagOf(stuck, second, NOW_MS + 7_000), { records: 80, seconds: 7 });
  const moved = workPosition({ finishedTo: 50n, readTo: 50n });
  assert.deepEqual(lagOf(moved, second, NOW_MS + 7_000), { records: 70, seconds: 0 });
  assert.equal(nextEnds(second, ends, workPosition({}), NOW_MS + 10_000).behind, undefined);
});

test('a clock that runs behind the one of the producer makes no lag below zero', () => {
  const lag = lagOf(workPosition({ finishedTo: 99n, oldestAtMs: NOW_MS + 3_000 }), ends, NOW_MS);
  assert.deepEqual(lag, { records: 1, seconds: 0 });
});
