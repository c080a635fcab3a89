import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { callRateOf, concurrentCallsOf, shareOf, shareRatio, type PartitionShare } from './partition-share.ts';

/** The shares of all instances: each partition of the topic has one owner. */
const shares: fc.Arbitrary<PartitionShare[]> = fc
  .tuple(fc.integer({ min: 1, max: 96 }), fc.integer({ min: 1, max: 12 }))
  .chain(([total, instances]) =>
    fc.array(fc.nat(instances - 1), { minLength: total, maxLength: total }).map((owners) =>
      Array.from({ length: instances }, (_, instance) => ({
        owned: owners.filter((owner) => owner === instance).length,
        total,
      })),
    ),
  );
const limits = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1_000_000 }));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const ROUNDING = 1e-9;

test('the rates of all instances add up to the limit at most, and each that owns a partition has one', () => {
  fc.assert(
    fc.property(shares, limits, (shares, limit) => {
      const rates = shares.map((share) => callRateOf(limit, share));
      assert.ok(sum(rates) <= limit + ROUNDING * limit, `${sum(rates)} of ${limit}`);
      for (const [index, share] of shares.entries()) assert.equal((rates[index] ?? 0) > 0, share.owned > 0);
    }),
  );
});

test('a rate of one or more is whole and loses less than one call a second; a lower one loses nothing', () => {
  fc.assert(
    fc.property(shares, limits, (shares, limit) => {
      for (const share of shares) {
        const rate = callRateOf(limit, share);
        const part = (limit * share.owned) / share.total;
        if (part < 1) assert.equal(rate, part);
        else assert.ok(Number.isInteger(rate) && rate <= part && part - rate < 1, `${rate} for ${part}`);
      }
    }),
  );
});

test('the calls in flight of all instances are the limit at most, and one more for each instance whose part is below one', () => {
  fc.assert(
    fc.property(shares, fc.integer({ min: 1, max: 4_096 }), (shares, limit) => {
      const calls = shares.map((share) => concurrentCallsOf(limit, share));
      const below = shares.filter((share) => share.owned > 0 && limit * shareRatio(share) < 1).length;
      assert.ok(sum(calls) <= limit + below, `${sum(calls)} of ${limit}, ${below} with a part below one`);
      for (const [index, share] of shares.entries()) {
        assert.ok(Number.isInteger(calls[index]));
        assert.equal((calls[index] ?? 0) > 0, share.owned > 0);
      }
    }),
  );
});

test('a limit that is a multiple of the partitions is used up, however they are assigned', () => {
  fc.assert(
    fc.property(shares, fc.integer({ min: 1, max: 100 }), (shares, factor) => {
      const limit = factor * (shares[0]?.total ?? 1);
      assert.equal(sum(shares.map((share) => callRateOf(limit, share))), limit);
      assert.equal(sum(shares.map((share) => concurrentCallsOf(limit, share))), limit);
    }),
  );
});

test('a share is of the partitions that the topic has, added ones included', () => {
  const assignment = { assigned: [0, 4], partitions: 6, silentMs: 9_999, sessionTimeoutMs: 10_000 };
  assert.deepEqual(shareOf(assignment), { owned: 2, total: 6 });
  assert.deepEqual(shareOf({ ...assignment, partitions: 12 }), { owned: 2, total: 12 });
  assert.deepEqual(shareOf({ ...assignment, assigned: [0, 7] }), { owned: 2, total: 8 });
  assert.deepEqual(shareOf({ ...assignment, assigned: [] }), { owned: 0, total: 6 });
});

test('an instance that its group has not answered for longer than the session time-out has no share', () => {
  const assignment = { assigned: [0, 4], partitions: 6, silentMs: 10_001, sessionTimeoutMs: 10_000 };
  assert.equal(shareOf(assignment).owned, 0);
});

test('one instance has the whole limit, and four share a limit of one', () => {
  assert.equal(callRateOf(50, { owned: 6, total: 6 }), 50);
  assert.equal(concurrentCallsOf(7, { owned: 6, total: 6 }), 7);
  const quarter = { owned: 2, total: 8 };
  assert.equal(callRateOf(1, quarter), 0.25, 'a call every four seconds');
  assert.equal(concurrentCallsOf(1, quarter), 1, 'a call cannot be divided');
});
