import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplayReport } from '@astrolabe/operations';
import { endedOf } from './expected-report.ts';

function report(rest: Partial<ReplayReport> = {}): ReplayReport {
  return {
    replayId: 'r',
    source: 'commands',
    phase: 'finished',
    read: 10,
    replayedBefore: 0,
    filteredOut: 0,
    unreadable: 0,
    expired: 0,
    matched: 10,
    skippedByLedger: 10,
    delivered: 0,
    duplicate: 0,
    deadLettered: 0,
    cancelled: 0,
    pending: 0,
    unread: 0,
    ...rest,
  };
}

const ofEvents = { source: 'events', events: { mapped: 10, skipped: 0, deadLettered: 0 }, commands: 10 } as const;

test('a replay that is over has ended all of its records in the one way, or those that it came to before it was cancelled', () => {
  assert.equal(endedOf(report(), 'skippedByLedger', 10), 10);
  assert.equal(endedOf(report({ ...ofEvents, skippedByLedger: 0, delivered: 10 }), 'delivered', 10), 10);
  assert.equal(endedOf(report({ phase: 'cancelled', skippedByLedger: 7, cancelled: 3 }), 'skippedByLedger', 30), 7);
});

test('a replay that did other work fails the bench', () => {
  const wrong: readonly Partial<ReplayReport>[] = [
    { read: 9, matched: 9, skippedByLedger: 9 },
    { read: 11, filteredOut: 1 },
    { skippedByLedger: 9, delivered: 1 },
    { phase: 'running' },
    { phase: 'cancelled', skippedByLedger: 7, cancelled: 2 },
    { ...ofEvents, commands: 9 },
    { ...ofEvents, events: { mapped: 9, skipped: 1, deadLettered: 0 } },
  ];
  for (const each of wrong) assert.throws(() => endedOf(report(each), 'skippedByLedger', 10), /10 records were/);
});
