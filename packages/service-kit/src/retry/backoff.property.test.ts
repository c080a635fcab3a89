import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fullJitterDelayMs } from './backoff.ts';

test('a pause is a whole number of milliseconds, never negative and never above its bound, however many attempts came before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 1, max: 600_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, baseMs, maxMs, random) => {
        const delayMs = fullJitterDelayMs({ attempt, baseMs, maxMs, random });
        assert.ok(Number.isSafeInteger(delayMs));
        assert.ok(delayMs >= 0 && delayMs <= maxMs);
        if (attempt === 1) assert.ok(delayMs <= baseMs);
      },
    ),
  );
});
