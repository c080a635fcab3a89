import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullJitterDelayMs } from './backoff.ts';

test('the bound of a pause doubles with every attempt up to the maximum', () => {
  const almostOne = 1 - Number.EPSILON;
  const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempt) =>
    fullJitterDelayMs({ attempt, baseMs: 250, maxMs: 10_000, random: almostOne }),
  );
  assert.deepEqual(pauses, [249, 499, 999, 1_999, 3_999, 7_999, 9_999]);
});

test('the random number places the pause anywhere below its bound', () => {
  const pauses = [0, 0.25, 0.5].map((random) => fullJitterDelayMs({ attempt: 3, baseMs: 100, maxMs: 10_000, random }));
  assert.deepEqual(pauses, [0, 100, 200]);
});
