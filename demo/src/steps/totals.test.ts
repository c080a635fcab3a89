import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertBalance, totalsTable, type DemoTotals } from './totals.ts';

const balanced: DemoTotals = {
  events: { acknowledged: 31, poison: 1, onTopic: 32, mapped: 30, skipped: 1, deadLettered: 1 },
  commands: { produced: 33, poison: 1, onTopic: 34, delivered: 27, duplicates: 6, deadLettered: 1 },
  reread: { onTopic: 34, delivered: 0, duplicates: 33, deadLettered: 1 },
};

test('totals balance when every record is accounted for once', () => {
  assertBalance(balanced);
});

test('one record too few or too many anywhere does not balance', () => {
  for (const [section, counts] of Object.entries(balanced) as [string, Record<string, number>][]) {
    for (const [name, count] of Object.entries(counts)) {
      for (const wrong of [count - 1, count + 1]) {
        const totals = { ...balanced, [section]: { ...counts, [name]: wrong } };
        assert.throws(() => assertBalance(totals), `${section}.${name}`);
      }
    }
  }
});

test('the table shows every count, and the sums that have to agree', () => {
  const cells = totalsTable(balanced)
    .slice(2)
    .map((line) => line.match(/\d+/g)?.map(Number));
  assert.deepEqual(cells, [
    [31, 33],
    [1, 1],
    undefined,
    [32, 34, 34],
    [30, 27, 0],
    [1, 6, 33],
    [1, 1, 1],
    undefined,
    [32, 34, 34],
  ]);
});
