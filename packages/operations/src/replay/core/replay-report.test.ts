import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildForecast } from './forecast.ts';
import { buildReport } from './replay-report.ts';

const counts = { read: 12, replayedBefore: 1, unsendable: 0, filteredOut: 2, knownToLedger: 0, sent: 9 };

const replay = {
  id: 'r1',
  source: 'commands',
  counts,
  eventEnds: { mapped: 0, skipped: 0, deadLettered: 0 },
  pending: 0,
} as const;

test('the numbers of a replay of commands add up', () => {
  const report = buildReport({
    ...replay,
    commandEnds: { skippedByLedger: 1, delivered: 3, duplicate: 0, deadLettered: 1 },
    commandsSeen: 9,
    pending: 4,
  });
  const { read, replayedBefore, filteredOut, matched, skippedByLedger, delivered, duplicate, deadLettered, pending } =
    report;
  assert.equal(read, replayedBefore + filteredOut + matched);
  assert.equal(matched, skippedByLedger + delivered + duplicate + deadLettered + pending);
});

test('the numbers of a replay of events add up with those of their commands', () => {
  const report = buildReport({
    ...replay,
    source: 'events',
    commandEnds: { skippedByLedger: 4, delivered: 6, duplicate: 0, deadLettered: 0 },
    eventEnds: { mapped: 8, skipped: 1, deadLettered: 0 },
    commandsSeen: 10,
  });
  const { matched, commands = 0, events, skippedByLedger, delivered, duplicate, deadLettered, pending } = report;
  assert.ok(events !== undefined);
  const ended = events.mapped + events.skipped + events.deadLettered + skippedByLedger + delivered;
  assert.equal(matched + commands, ended + duplicate + deadLettered + pending);
});

test('a forced replay of events is forecast to skip no command', () => {
  const made = { commandsMade: 20, skippedByLedger: 18, eventsWithoutCommands: 3 };
  assert.equal(buildForecast(counts, made, { source: 'events' }).skippedByLedger, 18);
  const forced = buildForecast(counts, made, { source: 'events', force: true });
  assert.deepEqual([forced.skippedByLedger, forced.commandsMade], [0, 20]);
});

test('a forecast of commands counts what the ledger knows as skipped', () => {
  const forecast = buildForecast({ ...counts, knownToLedger: 5, sent: 4 }, undefined, { source: 'commands' });
  assert.deepEqual([forecast.matched, forecast.skippedByLedger, forecast.wouldBeSent], [9, 5, 4]);
});
