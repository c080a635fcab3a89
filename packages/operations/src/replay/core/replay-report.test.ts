import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noDispatcherCounts } from '@astrolabe/replay';
import { dispatcherProgress, mapperProgress, replayOrder, replayView } from '@astrolabe/replay/testing';
import { buildForecast } from './forecast.ts';
import { readOlderReplay } from './older-replay.ts';
import { buildReport } from './replay-report.ts';

test('the numbers of a replay of commands add up', () => {
  const order = replayOrder({ request: { source: 'commands' } });
  const counts = { replayedBefore: 1, filteredOut: 2, expired: 5, cancelled: 6, knownToLedger: 1, delivered: 30 };
  const dispatcher = new Map([[0, dispatcherProgress(60n, { ...counts, deadLettered: 1 })]]);
  const report = buildReport(replayView(order, { dispatcher }));
  const { read, replayedBefore, filteredOut, unreadable, expired, matched } = report;
  assert.equal(read, replayedBefore + filteredOut + unreadable + expired + matched);
  const { skippedByLedger, delivered, duplicate, deadLettered, cancelled, pending, unread } = report;
  assert.equal(matched, skippedByLedger + delivered + duplicate + deadLettered + cancelled);
  assert.deepEqual([pending, unread], [0, 40]);
});

test('the numbers of a replay of events add up with those of their commands', () => {
  const view = replayView(replayOrder(), {
    mapper: new Map([
      [0, mapperProgress(100n, { filteredOut: 9, mapped: 80, skipped: 10, deadLettered: 1 }, { commands: 95 })],
    ]),
    commands: new Map([
      [3, { gaveWayMs: 0, counts: { ...noDispatcherCounts, delivered: 50, knownToLedger: 4, expired: 2 } }],
      [4, { gaveWayMs: 0, counts: { ...noDispatcherCounts, duplicate: 3, deadLettered: 2 } }],
    ]),
  });
  const report = buildReport(view);
  const { matched, commands, events, skippedByLedger, delivered, duplicate, deadLettered, cancelled } = report;
  assert.ok(events !== undefined);
  assert.equal(matched, events.mapped + events.skipped + events.deadLettered);
  const ended = skippedByLedger + delivered + duplicate + deadLettered + cancelled + (report.lost ?? 0);
  assert.deepEqual([commands, report.pending], [95, 95 - ended]);
});

const counts = { read: 12, replayedBefore: 1, filteredOut: 2, unreadable: 0, matched: 9, knownToLedger: 0 };

test('a forced replay of events is forecast to skip no command', () => {
  const made = { commandsMade: 20, skippedByLedger: 18, eventsWithoutCommands: 3 };
  assert.equal(buildForecast(counts, made, { source: 'events' }).skippedByLedger, 18);
  const forced = buildForecast(counts, made, { source: 'events', force: true });
  assert.deepEqual([forced.skippedByLedger, forced.commandsMade], [0, 20]);
});

test('a forecast of commands counts what the ledger knows as skipped', () => {
  const forecast = buildForecast({ ...counts, knownToLedger: 5 }, undefined, { source: 'commands' });
  assert.deepEqual([forecast.matched, forecast.skippedByLedger, forecast.wouldBeSent], [9, 5, 4]);
});

test('what an earlier version has stored and cannot be read is told', () => {
  assert.equal(readOlderReplay('old', Buffer.from('{')).kind, 'unreadable');
  assert.equal(readOlderReplay('old', Buffer.from('{}')).kind, 'unreadable');
});
