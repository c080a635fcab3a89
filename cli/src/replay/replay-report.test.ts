import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeForecast, reportForecast } from './describe-forecast.ts';
import { buildReport, describeReport } from './replay-report.ts';

const counts = { read: 12, replayedBefore: 1, unsendable: 0, filteredOut: 2, knownToLedger: 0, sent: 9 };

test('a replay that was cut short tells what is pending, why, and what to type to go on', () => {
  const report = buildReport({
    id: 'r1',
    source: 'commands',
    counts,
    commandEnds: { skippedByLedger: 1, delivered: 3, duplicate: 0, deadLettered: 1 },
    eventEnds: { mapped: 0, skipped: 0, deadLettered: 0 },
    commandsSeen: 9,
    pending: 4,
    stopped: { reason: 'no service moves', resume: 'astrolabe replay commands --id r1 --execute' },
  });
  const { read, replayedBefore, filteredOut, matched, skippedByLedger, delivered, duplicate, deadLettered, pending } =
    report;
  assert.equal(read, replayedBefore + filteredOut + matched);
  assert.equal(matched, skippedByLedger + delivered + duplicate + deadLettered + pending);
  assert.deepEqual(describeReport(report).slice(-3), [
    'pending                                4',
    'Stopped before its end: no service moves. What is pending is on its topic and ends when the services go on.',
    'Nothing is lost. To go on: astrolabe replay commands --id r1 --execute',
  ]);
});

test('a replay that ended says nothing of going on', () => {
  const report = buildReport({
    id: 'r1',
    source: 'events',
    counts,
    commandEnds: { skippedByLedger: 4, delivered: 6, duplicate: 0, deadLettered: 0 },
    eventEnds: { mapped: 8, skipped: 1, deadLettered: 0 },
    commandsSeen: 10,
    pending: 0,
    stopped: undefined,
  });
  assert.ok(!('stopped' in report));
  assert.doesNotMatch(describeReport(report).join(' '), /pending|Stopped|go on/);
});

test('a forecast of events tells of the commands that were made of them, and does not claim to know those of other rules', () => {
  const made = { commandsMade: 20, skippedByLedger: 18, eventsWithoutCommands: 3 };
  const lines = (force: boolean): string[] => {
    const request = { source: 'events' as const, force };
    return describeForecast(reportForecast({ counts, made }, request), request);
  };
  assert.deepEqual(lines(false), [
    '12 events read: 1 replayed before, 2 filtered out, 9 matched.',
    '9 would be mapped again. Before, they made 20 commands, and 3 of them made none.',
    'Mapped as before, the ledger would skip 18 commands and 2 would be delivered.',
    'An estimate where a rule has changed or a user was suppressed since: what the mapper makes now is known when it has.',
  ]);
  assert.match(lines(true)[2] ?? '', /skip 0 commands and 20 would be delivered/);
});

test('a forecast of commands tells what the ledger would skip', () => {
  const request = { source: 'commands' as const };
  const report = reportForecast({ counts: { ...counts, knownToLedger: 5, sent: 4 }, made: undefined }, request);
  assert.deepEqual(describeForecast(report, request), [
    '12 commands read: 1 replayed before, 2 filtered out, 9 matched.',
    'The ledger would skip 5; 4 would be sent.',
  ]);
});
