import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionLag, sumLag, type LagSample, type UnreadRecords } from './partition-lag.ts';

/** Without an open transaction where a test names none. */
const sample = ({ endOffset = 0n, ...fields }: Partial<LagSample>): LagSample => ({
  atMs: 10_000,
  committed: 0n,
  cursors: new Map(),
  lowWatermark: 0n,
  readableEnd: endOffset,
  endOffset,
  ...fields,
});
const unread = (fields: Partial<UnreadRecords>): UnreadRecords => ({
  count: 0,
  isAll: true,
  oldestAtMs: undefined,
  byConnector: new Map(),
  behindCursors: new Map(),
  ...fields,
});

test('markers of transactions do not count as records: a service that has read all is not behind', () => {
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

test('what a lagging connector has behind its own cursor is lag, in records and in time, though all others are through', () => {
  const behindCursors = new Map([['acme', { records: 40, isEstimate: false, oldestAtMs: 3_000 }]]);
  const through = sample({ committed: 100n, endOffset: 100n, cursors: new Map([['acme', 20n]]) });
  const first = partitionLag(0, through, unread({ behindCursors }), undefined);
  assert.deepEqual(
    [first.records, first.behindMs, first.byConnector, first.catchUpMs],
    [40, 7_000, { acme: 40 }, undefined],
  );
  const hanging = partitionLag(0, through, unread({ behindCursors }), { ...through, atMs: 0 });
  assert.equal(hanging.catchUpMs, undefined);
  const moving = partitionLag(0, through, unread({ behindCursors }), {
    ...through,
    atMs: 0,
    cursors: new Map([['acme', 0n]]),
  });
  assert.equal(moving.catchUpMs, 40_000);
  // 40 of the 80 offsets behind the cursor are the connector's: so are one of the two that it moves by in a second.
  assert.deepEqual(
    [first, hanging, moving].map((lag) => lag.cursorOutPerSecond),
    [undefined, 0, 1],
  );
  assert.equal(sumLag([moving, moving]).cursorOutPerSecond, 2);
  assert.deepEqual([sumLag([hanging, moving]).records, sumLag([hanging, moving]).catchUpMs], [80, undefined]);
  assert.equal(sumLag([moving, moving]).catchUpMs, 40_000);
});

test('a connector may have records on both sides of the committed offset', () => {
  const lag = partitionLag(
    0,
    sample({ committed: 100n, endOffset: 110n, cursors: new Map([['acme', 20n]]) }),
    unread({
      count: 10,
      oldestAtMs: 9_000,
      byConnector: new Map([
        ['acme', 4],
        ['other', 6],
      ]),
      behindCursors: new Map([['acme', { records: 8, isEstimate: true, oldestAtMs: 2_000 }]]),
    }),
    undefined,
  );
  assert.deepEqual([lag.records, lag.isEstimate, lag.behindMs, lag.cursorRecords], [18, true, 8_000, 8]);
  assert.deepEqual(lag.byConnector, { acme: 12, other: 6 });
});

test('records held by an open transaction count as lag, and are reported once held in two samples', () => {
  const earlier = sample({ atMs: 0, committed: 7n, readableEnd: 7n, endOffset: 60n });
  const later = sample({ committed: 7n, readableEnd: 7n, endOffset: 107n });
  const lag = partitionLag(0, later, unread({}), earlier);
  assert.deepEqual([lag.records, lag.isEstimate, lag.heldFrom, lag.catchUpMs], [100, true, 7n, undefined]);
  assert.equal(sumLag([lag]).catchUpMs, undefined);
  const passing = partitionLag(
    0,
    later,
    unread({}),
    sample({ atMs: 0, committed: 7n, readableEnd: 5n, endOffset: 7n }),
  );
  assert.deepEqual([passing.records, passing.heldFrom], [100, undefined]);
  assert.equal(partitionLag(0, later, unread({}), undefined).heldFrom, undefined);
});
