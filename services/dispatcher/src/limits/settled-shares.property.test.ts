import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { shareRatio } from '../core/share/partition-share.ts';
import { RATE_RISE_MS, SettledShares } from './settled-shares.ts';

const PARTITIONS = 6;
const INSTANCES = 3;
const CALL_RISE_MS = 10_000;

function createShares() {
  const clock = createManualClock();
  let changes = 0;
  const shares = new SettledShares({ clock, callRiseMs: CALL_RISE_MS, onChange: () => (changes += 1) });
  const own = (owned: number) => shares.update({ owned, total: PARTITIONS });
  const owned = () => [shares.current.rate.owned, shares.current.calls.owned];
  return { clock, own, owned, changes: () => changes };
}

test('a share falls at once, and rises when what others have under way is over', async () => {
  const { clock, own, owned, changes } = createShares();
  own(6);
  assert.deepEqual(owned(), [0, 6], 'no call in flight of its own can be too many: it had none');
  await clock.advance(RATE_RISE_MS);
  own(6);
  assert.deepEqual(owned(), [6, 6]);
  own(2);
  assert.deepEqual(owned(), [2, 2]);
  await clock.advance(100);
  own(4);
  assert.deepEqual(owned(), [2, 2]);
  await clock.advance(RATE_RISE_MS);
  own(4);
  assert.deepEqual(owned(), [4, 2]);
  await clock.advance(CALL_RISE_MS);
  const before = changes();
  own(4);
  own(4);
  assert.deepEqual([owned(), changes() - before], [[4, 4], 1]);
});

test('an instance that has lost everything uses nothing, and begins again', async () => {
  const { clock, own, owned } = createShares();
  own(3);
  await clock.advance(60_000);
  own(3);
  assert.deepEqual(owned(), [3, 3]);
  own(0);
  assert.deepEqual(owned(), [0, 0]);
  await clock.advance(60_000);
  own(2);
  assert.deepEqual(owned(), [0, 2]);
  await clock.advance(RATE_RISE_MS);
  own(2);
  assert.deepEqual(owned(), [2, 2]);
});

test('a topic that gets more partitions makes the share of an instance smaller at once', async () => {
  const { clock, own, owned } = createShares();
  own(6);
  await clock.advance(RATE_RISE_MS);
  own(6);
  const shares = new SettledShares({ clock, callRiseMs: CALL_RISE_MS, onChange: () => undefined });
  shares.update({ owned: 6, total: 6 });
  shares.update({ owned: 6, total: 12 });
  assert.equal(shareRatio(shares.current.calls), 0.5);
  assert.deepEqual(owned(), [6, 6]);
});

/** Owners of the partitions, and how long they own them. */
const assignments = fc.array(
  fc.record({
    owners: fc.array(fc.nat(INSTANCES - 1), { minLength: PARTITIONS, maxLength: PARTITIONS }),
    forMs: fc.oneof(fc.nat(500), fc.nat(3_000), fc.nat(20_000)),
  }),
  { minLength: 1, maxLength: 12 },
);

test('whatever is assigned to whom and for how long, all rates together are the limit at most, and calls in flight exceed it by what new instances have', async () => {
  await fc.assert(
    fc.asyncProperty(assignments, async (assignments) => {
      const clock = createManualClock();
      const instances = Array.from({ length: INSTANCES }, () => ({
        shares: new SettledShares({ clock, callRiseMs: CALL_RISE_MS, onChange: () => undefined }),
        ownsSinceMs: Infinity,
      }));
      for (const { owners, forMs } of assignments) {
        for (let passedMs = 0; passedMs <= forMs; passedMs += 250) {
          for (const [index, instance] of instances.entries()) {
            const owned = owners.filter((owner) => owner === index).length;
            if (owned === 0) instance.ownsSinceMs = Infinity;
            else instance.ownsSinceMs = Math.min(instance.ownsSinceMs, clock.monotonicMs());
            instance.shares.update({ owned, total: PARTITIONS });
          }
          let rates = 0;
          let calls = 0;
          for (const { shares, ownsSinceMs } of instances) {
            rates += shares.current.rate.owned;
            if (clock.monotonicMs() - ownsSinceMs >= CALL_RISE_MS) calls += shares.current.calls.owned;
          }
          assert.ok(rates <= PARTITIONS, `${rates} of ${PARTITIONS}`);
          assert.ok(calls <= PARTITIONS, `${calls} of ${PARTITIONS}`);
          await clock.advance(250);
        }
      }
    }),
    { numRuns: 30 },
  );
});
