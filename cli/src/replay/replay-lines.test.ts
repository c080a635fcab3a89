import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplayReport } from '@astrolabe/operations';
import { startLine } from './replay-flags.ts';
import { describeForecast, describeMissing, describeReport, describeSkipped } from './replay-lines.ts';

const report: ReplayReport = {
  replayId: 'r1',
  source: 'commands',
  phase: 'running',
  read: 12,
  replayedBefore: 1,
  filteredOut: 2,
  unreadable: 0,
  expired: 0,
  matched: 9,
  skippedByLedger: 1,
  delivered: 3,
  duplicate: 0,
  deadLettered: 1,
  cancelled: 4,
  pending: 0,
  unread: 100,
};

test('a report tells the state of the replay, and what is left', () => {
  const lines = describeReport(report);
  assert.equal(lines[0], 'Replay r1: running');
  assert.deepEqual(lines.slice(-2), [
    '    cancelled                          4',
    'not read                             100',
  ]);
  const events = { mapped: 8, skipped: 1, deadLettered: 0 };
  const over = { ...report, phase: 'finished', events, commands: 10, lost: 0, cancelled: 0, unread: 0 } as const;
  assert.doesNotMatch(describeReport(over).join(' '), /pending|not read|cancelled|expired/);
});

test('a forecast of events says what they produced last time, and that other rules may produce something else', () => {
  const forecast = { ...report, commandsMade: 20, skippedByLedger: 18, eventsWithoutCommands: 1, wouldBeSent: 9 };
  assert.deepEqual(describeForecast(forecast, 'events'), [
    '12 events read: 1 replayed before, 2 filtered out, 9 matched.',
    '9 would be mapped again. Last time these produced 20 commands; 1 event produced none.',
    'If mapped as before, the ledger would skip 18 commands and 2 would be delivered.',
    'Estimate: exact only if mapping rules and suppressions have not changed since.',
  ]);
});

test('a forecast of commands says what the ledger would skip', () => {
  const forecast = { ...report, skippedByLedger: 5, wouldBeSent: 4 };
  assert.deepEqual(describeForecast(forecast, 'commands'), [
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

test('records that cannot be read are named with the reason', () => {
  const skipped = { topic: 't', partition: 0, fromOffset: 3n, nextOffset: 5n, reason: 'it is too large' };
  assert.equal(describeSkipped(skipped), 't[0]@3 to 4 are skipped: it is too large');
});

test('the command that starts the rest of a replay has its filters, as a shell reads them', () => {
  const request = { source: 'events', connector: ['a', 'b'], event: 'it\'s "done"', force: true } as const;
  assert.equal(
    startLine(request, '0:7-9,1:0-3'),
    `astrolabe replay events --offsets 0:7-9,1:0-3 --connector a b --event 'it'\\''s "done"' --force --yes`,
  );
  assert.match(startLine({ source: 'commands', user: 'ada' }, '0:1-1'), / --user ada --execute$/);
});
