import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enterStreamPhase, pauseBeforeAttempt, type StreamPhase } from './stream-phase.ts';

const all: readonly StreamPhase[] = ['connecting', 'open', 'waiting', 'hidden', 'refused', 'closed'];

test('a stream goes on only as its table allows', () => {
  const allowed = all.flatMap((from) =>
    all
      .filter((next) => {
        try {
          return enterStreamPhase(from, next) === next;
        } catch {
          return false;
        }
      })
      .map((next) => `${from} ${next}`),
  );
  assert.deepEqual(allowed, [
    'connecting open',
    'connecting waiting',
    'connecting hidden',
    'connecting refused',
    'connecting closed',
    'open waiting',
    'open hidden',
    'open closed',
    'waiting connecting',
    'waiting hidden',
    'waiting closed',
    'hidden connecting',
    'hidden closed',
    'refused connecting',
    'refused closed',
  ]);
});

test('the pause before the next attempt grows to a bound, and is never shorter than the server asked for', () => {
  assert.deepEqual(
    [0, 1, 2, 4, 5, 1_000].map((failures) => pauseBeforeAttempt(failures, undefined, 1)),
    [1_000, 2_000, 4_000, 16_000, 30_000, 30_000],
  );
  assert.equal(pauseBeforeAttempt(0, undefined, 0), 500);
  assert.equal(pauseBeforeAttempt(0, 5_000, 0), 5_000);
});
