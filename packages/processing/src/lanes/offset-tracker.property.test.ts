import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openTracker, type Tracked } from '../testing/tracked.ts';

/** The definition itself: walk through everything ever tracked. */
class NaiveTracker {
  readonly records: { readonly offset: bigint; done: boolean }[] = [];
  position: bigint;

  constructor(position: bigint) {
    this.position = position;
  }

  committable(): bigint {
    return this.records.find(({ done }) => !done)?.offset ?? this.position;
  }

  pending(): number {
    const first = this.records.findIndex(({ done }) => !done);
    return first < 0 ? 0 : this.records.length - first;
  }
}

type Step =
  | { readonly kind: 'track'; readonly gap: number }
  | { readonly kind: 'advance'; readonly gap: number }
  | { readonly kind: 'complete'; readonly pick: number }
  | { readonly kind: 'forget'; readonly keep: number };

const gap = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: gap.map((gap): Step => ({ kind: 'track', gap })) },
  { weight: 1, arbitrary: gap.map((gap): Step => ({ kind: 'advance', gap })) },
  { weight: 5, arbitrary: fc.nat().map((pick): Step => ({ kind: 'complete', pick })) },
  { weight: 1, arbitrary: fc.nat(20).map((keep): Step => ({ kind: 'forget', keep })) },
);
const start = fc.bigInt({ min: 0n, max: 2n ** 63n - 10_000n });

test('in any order of finishing, with any gaps, the committable offset is that of the first unfinished record', () => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 200, size: 'max' }), (position, steps) => {
      const tracker = openTracker(position);
      const model = new NaiveTracker(position);
      const unfinished: { tracked: Tracked; index: number }[] = [];
      for (const step of steps) {
        const before = tracker.committableOffset;
        if (step.kind === 'track') {
          const offset = model.position + BigInt(step.gap);
          unfinished.push({ tracked: tracker.track(offset), index: model.records.length });
          model.records.push({ offset, done: false });
          model.position = offset + 1n;
        } else if (step.kind === 'advance') {
          model.position += BigInt(step.gap);
          tracker.advanceTo(model.position);
        } else if (step.kind === 'forget') {
          const first = model.records.findIndex(({ done }) => !done);
          const from = (first < 0 ? model.records.length : first) + step.keep;
          const forgotten = model.records.splice(from);
          assert.deepEqual(
            tracker.evictAfter(step.keep).map(({ offset }) => offset),
            forgotten.map(({ offset }) => offset),
          );
          if (forgotten[0] !== undefined) model.position = forgotten[0].offset;
          for (let index = unfinished.length - 1; index >= 0; index -= 1) {
            if ((unfinished[index]?.index ?? 0) >= from) unfinished.splice(index, 1);
          }
        } else {
          const [finished] = unfinished.splice(step.pick % Math.max(1, unfinished.length), 1);
          if (finished === undefined) continue;
          const moved = tracker.complete(finished.tracked);
          const record = model.records[finished.index];
          if (record !== undefined) record.done = true;
          assert.equal(moved, model.committable() !== before);
        }
        assert.equal(tracker.committableOffset, model.committable());
        assert.equal(tracker.position, model.position);
        assert.equal(tracker.pendingCount, model.pending());
        assert.ok(
          tracker.committableOffset >= before || step.kind === 'track' || step.kind === 'forget',
          'only forwards',
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('an offset below the position is refused, since it was seen before', () => {
  fc.assert(
    fc.property(start, fc.array(gap, { minLength: 1, maxLength: 50 }), fc.nat(), (position, gaps, pick) => {
      const tracker = openTracker(position);
      const seen: bigint[] = [];
      for (const each of gaps) {
        const offset = tracker.position + BigInt(each);
        tracker.track(offset);
        seen.push(offset);
      }
      const again = seen[pick % seen.length] ?? position;
      assert.throws(() => tracker.track(again), /tracked before/);
      assert.equal(tracker.pendingCount, gaps.length);
    }),
  );
});
