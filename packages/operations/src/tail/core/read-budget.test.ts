import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReadBudget } from './read-budget.ts';

test('a second may be read at once, and what is more is waited for', () => {
  const budget = new ReadBudget(100);
  assert.equal(budget.take(100, 0), 0);
  assert.equal(budget.take(50, 0), 500);
  assert.equal(budget.take(0, 500), 0);
  assert.equal(budget.take(100, 60_000), 0);
  assert.equal(budget.take(1, 60_000), 10);
});

test('who obeys reads in any stretch of time what the rate allows, a second of it saved up, and one piece more', () => {
  const piece = fc.record({ records: fc.integer({ min: 0, max: 300 }), pauseMs: fc.integer({ min: 0, max: 2_000 }) });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 60 }), (pieces) => {
      const rate = 100;
      const budget = new ReadBudget(rate);
      const reads: { readonly atMs: number; readonly records: number }[] = [];
      let nowMs = 0;
      for (const { records, pauseMs } of pieces) {
        reads.push({ atMs: nowMs, records });
        nowMs += budget.take(records, nowMs) + pauseMs;
      }
      for (const [from, first] of reads.entries()) {
        let before = 0;
        for (const { atMs, records } of reads.slice(from)) {
          const allowed = rate + ((atMs - first.atMs) * rate) / 1_000;
          assert.ok(before <= allowed + 1e-6, `${before} records before the last piece, ${allowed} allowed`);
          before += records;
        }
      }
    }),
  );
});
