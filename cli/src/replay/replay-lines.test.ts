import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplayReport } from '@astrolabe/operations';
import { describeForecast, describeMissing, describeReport, describeSkipped, stopReason } from './replay-lines.ts';

const report: ReplayReport = {
  replayId: 'r1',
  read: 12,
  replayedBefore: 1,
  filteredOut: 2,
  unsendable: 0,
  matched: 9,
  skippedByLedger: 1,
  delivered: 3,
  duplicate: 0,
  deadLettered: 1,
  pending: 4,
};

test('a replay that stopped early says what is pending, why, and what to type to resume', () => {
  const reason = stopReason({ kind: 'stalled' }, report.pending, String);
  const resume = 'astrolabe replay commands --id r1 --execute';
  assert.deepEqual(describeReport(report, { reason, resume }).slice(-3), [
    'pending                                4',
    'Stopped early: 4 pending and no service is making progress; see "astrolabe lag" and "astrolabe doctor". ' +
      'Pending records are on their topic; the services process them when they continue.',
    'Nothing is lost. To resume: astrolabe replay commands --id r1 --execute',
  ]);
});

test('a replay that ended says nothing about resuming', () => {
  const events = { mapped: 8, skipped: 1, deadLettered: 0 };
  const ended = { ...report, events, commands: 10, skippedByLedger: 4, delivered: 6, deadLettered: 0, pending: 0 };
  assert.doesNotMatch(describeReport(ended, undefined).join(' '), /pending|Stopped|resume/);
});

test('a forecast of events says what they produced last time, and that other rules may produce something else', () => {
  const forecast = { ...report, commandsMade: 20, skippedByLedger: 18, eventsWithoutCommands: 1, wouldBeSent: 9 };
  assert.deepEqual(describeForecast(forecast, { source: 'events' }), [
    '12 events read: 1 replayed before, 2 filtered out, 9 matched.',
    '9 would be mapped again. Last time these produced 20 commands; 1 event produced none.',
    'If mapped as before, the ledger would skip 18 commands and 2 would be delivered.',
    'Estimate: exact only if mapping rules and suppressions have not changed since.',
  ]);
});

test('a forecast of commands says what the ledger would skip', () => {
  const forecast = { ...report, skippedByLedger: 5, wouldBeSent: 4 };
  assert.deepEqual(describeForecast(forecast, { source: 'commands' }), [
    '12 commands read: 1 replayed before, 2 filtered out, 9 matched.',
    'The ledger would skip 5; 4 would be sent.',
  ]);
});

test('missing parts of the range are described with what the partition has', () => {
  const bounds = { partition: 0, lowWatermark: 100n, highWatermark: 200n };
  const empty = { partition: 2, lowWatermark: 70n, highWatermark: 70n };
  assert.deepEqual(
    [
      describeMissing('t', { kind: 'removed-offsets', bounds, firstOffset: 10n, lastOffset: 99n }),
      describeMissing('t', { kind: 'removed-offsets', bounds: empty, firstOffset: 0n, lastOffset: 69n }),
      describeMissing('t', { kind: 'future-offsets', bounds, firstOffset: 200n }),
      describeMissing('t', { kind: 'removed-times', partitions: [0, 2], removed: 170 }),
    ],
    [
      't[0]: offsets 10 to 99 are gone; the partition has 100 to 199.',
      't[2]: offsets 0 to 69 are gone; the partition is empty (its next offset is 70).',
      't[0]: offsets from 200 on do not exist yet; the partition has 100 to 199.',
      't: records of the requested time may be missing from partitions 0, 2: retention has removed 170 older offsets.',
    ],
  );
});

test('records that cannot be sent again are named with the reason', () => {
  const place = { topic: 't', partition: 0 };
  assert.deepEqual(
    [
      describeSkipped({ kind: 'unreadable', ...place, fromOffset: 3n, nextOffset: 5n, reason: 'it is too large' }),
      describeSkipped({ kind: 'too-large', ...place, offset: 2n, sizeBytes: 101 }),
    ],
    ['t[0]@3 to 4 are skipped: it is too large', 't[0]@2 is skipped: its 101 bytes are more than the topic accepts'],
  );
});
