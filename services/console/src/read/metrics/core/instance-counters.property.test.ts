import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InstanceCounters } from './instance-counters.ts';

const scrape = (startedAtMs: number, counters: Readonly<Record<string, number>>) => ({
  startedAtMs,
  counters: new Map(Object.entries(counters)),
});

test('what an old process counted before the first look belongs to nobody, and what a young one counted to all', () => {
  assert.deepEqual(new InstanceCounters().grow(scrape(1_000, { a: 5 }), 2_000), {
    kind: 'first',
    increases: new Map(),
  });
  assert.deepEqual(new InstanceCounters().grow(scrape(2_000, { a: 5, b: 0 }), 2_000), {
    kind: 'complete',
    increases: new Map([['a', 5]]),
  });
});

test('another process at the address is told, by its start or by counters that fell', () => {
  const counters = new InstanceCounters();
  counters.grow(scrape(1_000, { a: 5 }), 0);
  assert.deepEqual(counters.grow(scrape(3_000, { a: 9 }), 0), { kind: 'ended', increases: new Map([['a', 9]]) });
  assert.deepEqual(counters.grow(scrape(3_000, { a: 2 }), 0), { kind: 'ended', increases: new Map([['a', 2]]) });
  assert.deepEqual(counters.grow(scrape(3_000, { a: 2, b: 1 }), 0), {
    kind: 'complete',
    increases: new Map([['b', 1]]),
  });
});

test('over looks at one process, and at those after it, every count that a look could see is told once', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('count' as const), series: fc.constantFrom('a', 'b'), by: fc.nat(5) }),
    fc.constant({ kind: 'look' as const }),
    fc.constant({ kind: 'restart' as const }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const counters = new InstanceCounters();
      let startedAtMs = 10_000;
      let counted: Record<string, number> = {};
      let seen = 0;
      let told = 0;
      const total = () => Object.values(counted).reduce((sum, value) => sum + value, 0);
      let seenOfProcess = 0;
      for (const each of steps) {
        if (each.kind === 'count') counted[each.series] = (counted[each.series] ?? 0) + each.by;
        else if (each.kind === 'restart') {
          startedAtMs += 1_000;
          counted = {};
          seenOfProcess = 0;
        } else {
          seen += total() - seenOfProcess;
          seenOfProcess = total();
          const { increases } = counters.grow(scrape(startedAtMs, counted), 10_000);
          told += [...increases.values()].reduce((sum, value) => sum + value, 0);
        }
      }
      assert.equal(told, seen);
    }),
  );
});
