import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionLag, sumLag, type LagSample, type UnreadRecords } from './partition-lag.ts';

const sample = (fields: Partial<LagSample>): LagSample => ({
  atMs: 10_000,
  committed: 0n,
  lowWatermark: 0n,
  endOffset: 0n,
  ...fields,
});
const unread = (fields: Partial<UnreadRecords>): UnreadRecords => ({
  count: 0,
  isAll: true,
  oldestAtMs: undefined,
  byConnector: new Map(),
  ...fields,
});

test('markers of transactions are no records: a service that has read all is not behind', () => {
  const lag = partitionLag(0, sample({ committed: 9n, endOffset: 10n }), unread({}), undefined);
  assert.deepEqual([lag.records, lag.isEstimate, lag.behindMs, lag.catchUpMs], [0, false, 0, 0]);
});

test('what is beyond the sample is estimated by its offsets, and shared out as the sample is', () => {
  const some = unread({
    count: 100,
    isAll: false,
    oldestAtMs: 4_000,
    byConnector: new Map([
      ['acme', 75],
      ['other', 25],
    ]),
  });
  const lag = partitionLag(0, sample({ committed: 1_000n, endOffset: 2_000n }), some, undefined);
  assert.deepEqual([lag.records, lag.isEstimate, lag.behindMs], [1_000, true, 6_000]);
  assert.deepEqual(lag.byConnector, { acme: 750, other: 250 });
});

test('a service that never committed is behind by all that is still there', () => {
  const lag = partitionLag(
    0,
    sample({ committed: undefined, lowWatermark: 40n, endOffset: 50n }),
    unread({ count: 10 }),
    undefined,
  );
  assert.equal(lag.records, 10);
});

test('the time to catch up comes from both rates, and there is none while more comes in than goes out', () => {
  const earlier = sample({ atMs: 0, committed: 0n, endOffset: 1_000n });
  const later = sample({ atMs: 10_000, committed: 600n, endOffset: 1_200n });
  const lag = partitionLag(0, later, unread({ count: 600 }), earlier);
  assert.deepEqual([lag.inPerSecond, lag.outPerSecond, lag.catchUpMs], [20, 60, 15_000]);
  const stuck = partitionLag(1, sample({ committed: 0n, endOffset: 1_200n }), unread({ count: 1_200 }), earlier);
  assert.equal(stuck.catchUpMs, undefined);
  const sum = sumLag([lag, stuck]);
  assert.deepEqual([sum.records, sum.inPerSecond, sum.outPerSecond, sum.catchUpMs], [1_800, 40, 60, 90_000]);
});
