import { test } from 'node:test';
import fc from 'fast-check';
import { CountingWorld, PARTITIONS, type Step } from '../testing/counting-world.ts';

const process = fc.nat(2);
const partition = fc.nat(PARTITIONS - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      partition,
      keys: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 }),
      skipped: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('fetch' as const),
      process,
      partition,
      records: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), partition, process, told: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'wake' as const), process }) },
  fc.record({ kind: fc.constant('die' as const), process, sameName: fc.boolean() }),
  fc.record({
    kind: fc.constant('lose' as const),
    process,
    steps: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('replay' as const), partition }),
  fc.record({ kind: fc.constant('commit' as const), partition }),
  fc.record({ kind: fc.constant('compact' as const), partition }),
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turns' as const), turns: fc.integer({ min: 1, max: 30 }) }) },
);

test('however processes claim, write, pause, wake, die and lose partitions: each record is counted once, in order, and two owners never both commit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = new CountingWorld(3);
      for (const each of steps) await world.run(each);
      await world.settle();
      world.assertCountedOnce();
      world.assertOneOwnerAtATime();
    }),
    { numRuns: 150 },
  );
});
