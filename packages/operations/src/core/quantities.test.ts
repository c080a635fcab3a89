import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatCounted, formatDuration } from './quantities.ts';

test('counts and sizes are written for people', () => {
  assert.equal(formatCount(1_234_567n), '1,234,567');
  assert.deepEqual([999, 1_000, 34_000_000].map(formatBytes), ['999 B', '1.0 kB', '34 MB']);
});

test('one is singular, and every other count, zero included, is plural', () => {
  assert.deepEqual(
    [0, 1, 2, 1_000n].map((count) => formatCounted(count, 'dead letter')),
    ['0 dead letters', '1 dead letter', '2 dead letters', '1,000 dead letters'],
  );
  assert.deepEqual(
    [formatCounted(1, 'delivery', 'deliveries'), formatCounted(3, 'delivery', 'deliveries')],
    ['1 delivery', '3 deliveries'],
  );
});

test('a duration is told by its two largest units', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [850, '850 ms'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [367_200_000, '4 d 6 h'],
  ];
  for (const [durationMs, text] of cases) assert.equal(formatDuration(durationMs), text);
});
