import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProgress } from './progress-line.ts';

test('progress tells what is done, how fast, and how long the rest will take', () => {
  const state = { label: 'backfill', unit: 'events', done: 25_000, total: 100_000, elapsedMs: 5_000 };
  assert.equal(
    formatProgress(state, true),
    'backfill [#####...............] 25%  25,000 of 100,000 events, 5,000/s, 15 s left',
  );
  assert.equal(formatProgress(state, false), 'backfill 25%  25,000 of 100,000 events, 5,000/s, 15 s left');
});

test('without a known end there is a rate and no bar', () => {
  const state = { label: 'reading', unit: 'records', done: 10, total: undefined, elapsedMs: 2_000 };
  assert.equal(formatProgress(state, true), 'reading  10 records, 5/s');
});

test('a share replaces a total that is not known', () => {
  const state = { label: 'backfill', unit: 'events', done: 500, total: undefined, share: 0.5, elapsedMs: 1_000 };
  assert.equal(formatProgress(state, false), 'backfill 50%  500 events, 500/s, 1 s left');
});

test('of work that others had begun before, the rate is that of what was seen', () => {
  const before = { done: 400, share: 0.4 };
  const state = { label: 'replay', unit: 'events', done: 500, total: undefined, share: 0.5, before, elapsedMs: 1_000 };
  assert.equal(formatProgress(state, false), 'replay 50%  500 events, 100/s, 5 s left');
});
