import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toReplayedOffset } from '@astrolabe/records';
import { isEndOf, knownOutcomeOf, recordedOffset, type LedgerRecord } from './known-outcome.ts';

const STARTED_MS = 1_000;
const live = (offset: bigint): LedgerRecord => ({ offset, replay: undefined, isForced: false });
const ofCommands = (offset: bigint, isForced = false): LedgerRecord => ({
  offset,
  replay: { startedAtMs: STARTED_MS, isOfOwnTopic: false },
  isForced,
});
const ofEvents = (offset: bigint): LedgerRecord => ({
  offset,
  replay: { startedAtMs: STARTED_MS, isOfOwnTopic: true },
  isForced: false,
});
const dead = (offset: bigint, atMs: number) => ({ outcome: 'dead-lettered' as const, offset, atMs });
const delivered = (offset: bigint, atMs: number) => ({ outcome: 'delivered' as const, offset, atMs });

test('what was delivered is never called for again, wherever and whenever that was', () => {
  for (const record of [live(7n), ofCommands(7n), ofEvents(7n), ofCommands(7n, true)]) {
    for (const offset of [3n, 7n, 11n, toReplayedOffset(7n)]) assert.ok(isEndOf(delivered(offset, 1), record));
  }
});

test('a dead letter is tried again where it was redriven, and not where its own record is read again', () => {
  assert.ok(isEndOf(dead(7n, 1), live(7n)));
  assert.ok(!isEndOf(dead(7n, 1), live(9n)));
});

test('a redrive is not taken for an older record, though a replay gave the command up at a higher offset of its topic', () => {
  assert.ok(!isEndOf(dead(toReplayedOffset(1_000_000n), 1), live(9n)));
});

test('a replay tries a dead letter again that is older than the replay, and one of its own not', () => {
  for (const record of [ofCommands(7n), ofEvents(7n)]) {
    assert.ok(!isEndOf(dead(7n, STARTED_MS - 1), record));
    assert.ok(!isEndOf(dead(100n, STARTED_MS - 1), record));
    assert.ok(isEndOf(dead(recordedOffset(record), STARTED_MS), record));
  }
  assert.ok(isEndOf(dead(7n, STARTED_MS - 1), ofCommands(7n, true)), 'no other has its id');
});

test('a dead letter of a replayed event is its own, however far the clocks of program and dispatcher are apart', () => {
  assert.ok(isEndOf(dead(toReplayedOffset(7n), STARTED_MS - 1), ofEvents(7n)));
  assert.ok(!isEndOf(dead(toReplayedOffset(6n), STARTED_MS - 1), ofEvents(7n)));
});

test('what a replay finds counts as its own where it is read again after a restart, and else as known', () => {
  assert.equal(knownOutcomeOf(delivered(7n, STARTED_MS - 1), ofCommands(7n)), 'knownToLedger');
  assert.equal(knownOutcomeOf(delivered(7n, STARTED_MS), ofCommands(7n)), 'delivered');
  assert.equal(knownOutcomeOf(delivered(6n, STARTED_MS), ofCommands(7n)), 'knownToLedger', 'the same command twice');
  assert.equal(knownOutcomeOf(delivered(7n, STARTED_MS), ofEvents(7n)), 'knownToLedger', 'another topic');
  assert.equal(knownOutcomeOf(delivered(toReplayedOffset(7n), STARTED_MS), ofEvents(7n)), 'delivered');
  assert.equal(knownOutcomeOf(dead(7n, STARTED_MS), ofCommands(7n)), 'deadLettered');
  assert.equal(knownOutcomeOf({ ...dead(7n, STARTED_MS), outcome: 'duplicate' }, ofCommands(7n)), 'duplicate');
});
