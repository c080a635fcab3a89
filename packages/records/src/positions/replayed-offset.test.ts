import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayedOffsetOf, toReplayedOffset } from './replayed-offset.ts';

test('an offset of replayed commands is told from one of commands, and fits what the ledger has room for', () => {
  for (const offset of [0n, 1n, 2n ** 40n]) {
    assert.equal(replayedOffsetOf(toReplayedOffset(offset)), offset);
    assert.equal(replayedOffsetOf(offset), undefined);
    assert.ok(toReplayedOffset(offset) < 2n ** 48n);
  }
});
