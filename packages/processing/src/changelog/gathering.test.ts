import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextTransaction, type GatheringInput } from './gathering.ts';

const rest: GatheringInput = { inFlight: 0, maxInFlight: 2, waitingBytes: 300, last: undefined };

test('at rest a transaction begins at once', () => {
  assert.deepEqual(nextTransaction(rest, 0), { kind: 'now' });
  assert.deepEqual(nextTransaction({ ...rest, last: { endedAtMs: 100, tookMs: 3 } }, 103), { kind: 'now' });
});

test('soon after another one it waits for as long as that one took, and never long', () => {
  assert.deepEqual(nextTransaction({ ...rest, last: { endedAtMs: 100, tookMs: 3 } }, 101), { kind: 'at', atMs: 103 });
  assert.deepEqual(nextTransaction({ ...rest, last: { endedAtMs: 100, tookMs: 80 } }, 101), { kind: 'at', atMs: 105 });
});

test('while one is in flight another begins only where a whole one waits', () => {
  assert.deepEqual(nextTransaction({ ...rest, inFlight: 1 }, 0), { kind: 'later' });
  assert.deepEqual(nextTransaction({ ...rest, inFlight: 1, waitingBytes: 1_000_000 }, 0), { kind: 'now' });
  assert.deepEqual(nextTransaction({ ...rest, inFlight: 2, waitingBytes: 1_000_000 }, 0), { kind: 'later' });
});

test('what waits is begun in the end: each answer is a time to ask again at, or follows an event that is to come', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 }),
      fc.nat(1_000_000),
      fc.option(fc.record({ endedAtMs: fc.nat(1_000), tookMs: fc.nat(1_000) }), { nil: undefined }),
      fc.nat(2_000),
      (inFlight, waitingBytes, last, nowMs) => {
        const input = { inFlight, maxInFlight: 2, waitingBytes, last };
        const next = nextTransaction(input, nowMs);
        if (next.kind === 'later') assert.ok(inFlight > 0);
        if (next.kind !== 'at') return;
        assert.ok(next.atMs > nowMs);
        assert.deepEqual(nextTransaction(input, next.atMs), { kind: 'now' });
      },
    ),
  );
});
