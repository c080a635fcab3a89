import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TagTable } from './tag-table.ts';

/** Few values at the ends of the range, where tags collide and probing wraps around. */
const tag = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const locator = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));
const step = fc.oneof(
  { weight: 1, arbitrary: fc.constant('compact' as const) },
  { weight: 200, arbitrary: fc.tuple(tag, locator) },
);

test('a table gives for each tag the locators that were added for it, each once, through growth and compaction', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 2_000, size: 'max' }),
      fc.nat({ max: 3_000 }),
      tag,
      (steps, expected, other) => {
        const table = new TagTable(expected);
        const model = new Map<number, Set<number>>([[other, new Set()]]);
        for (const action of steps) {
          if (action === 'compact') {
            table.compact();
            continue;
          }
          table.add(...action);
          const known = model.get(action[0]) ?? new Set();
          model.set(action[0], known.add(action[1]));
        }
        for (const [key, locators] of model) {
          const found: number[] = [];
          for (let slot = table.first(key); slot >= 0; slot = table.next(key, slot)) found.push(table.locatorAt(slot));
          assert.deepEqual(found.toSorted(), [...locators].toSorted());
        }
        assert.equal(
          table.size,
          [...model.values()].reduce((sum, { size }) => sum + size, 0),
        );
      },
    ),
    { numRuns: 50 },
  );
});
