import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedReplay, OlderReplay } from '@astrolabe/operations';
import { listLines, olderLines, statusLines } from './status-lines.ts';

const replay: ListedReplay = {
  id: 'r1',
  source: 'commands',
  phase: 'running',
  request: { source: 'commands' },
  startedAt: '2026-03-01T10:00:00.000Z',
  lastActiveAtMs: 0,
  recordsPerSecond: 500,
  share: 0.421,
  readPerSecond: 5_012.3,
  remainingMs: 12_000,
  gaveWayMs: 3_000,
  isOrphan: false,
  partitions: [
    { partition: 0, fromOffset: 10n, endOffset: 110n, nextOffset: 52n, unread: 58, gaveWayMs: 3_000 },
    { partition: 1, fromOffset: 0n, endOffset: 9n, nextOffset: undefined, unread: 9, gaveWayMs: 0 },
  ],
  report: {
    replayId: 'r1',
    source: 'commands',
    phase: 'running',
    read: 42,
    replayedBefore: 0,
    filteredOut: 0,
    unreadable: 0,
    expired: 0,
    matched: 42,
    skippedByLedger: 40,
    delivered: 2,
    duplicate: 0,
    deadLettered: 0,
    cancelled: 0,
    pending: 0,
    unread: 67,
  },
};
const older: OlderReplay = {
  kind: 'readable',
  id: 'old',
  request: { source: 'events', connector: ['acme'] },
  startedAt: '2026-03-01T09:00:00.000Z',
  remaining: '0:7-9',
};

test('a list tells the state, the rate and the rest of each replay', () => {
  assert.deepEqual(listLines([], []), ['There are no replays.']);
  const [head, first, second] = listLines([replay], [older]);
  assert.match(head ?? '', /^ID +SOURCE +STATE +DONE +READ\/S +LEFT +STARTED$/);
  assert.match(first ?? '', /^r1 +commands +running +42% +5,012 +12 s +2026-03-01T10:00:00.000Z$/);
  assert.match(second ?? '', /^old +events +started by an older version +- +- +- +2026/);
  assert.match(listLines([{ ...replay, isOrphan: true }], [])[1] ?? '', /topic is gone/);
});

test('the status of a replay has a line for each partition', () => {
  const lines = statusLines(replay);
  assert.equal(lines[0], 'Replay r1 of commands: running, 42%, 5,012 a second, 12 s left');
  assert.equal(lines[1], 'started 2026-03-01T10:00:00.000Z, at most 500 a second');
  assert.match(lines.join('\n'), / 0 +10 +52 +110 +58 +3 s\n +1 +0 +- +9 +9 +0 ms\n/);
  const paused = statusLines({ ...replay, phase: 'paused' });
  assert.equal(paused[0], 'Replay r1 of commands: paused, 42%; to go on: astrolabe replay resume r1');
  assert.match(statusLines({ ...replay, isOrphan: true }).at(-1) ?? '', /To remove it: astrolabe replay cancel r1/);
});

test('a replay of an older version is shown with the command that starts the rest of it', () => {
  assert.deepEqual(olderLines(older), [
    'Replay old of events was started by an older version at 2026-03-01T09:00:00.000Z. What that version had sent is processed as live records.',
    'This version does not go on with it. To replay the rest: astrolabe replay events --offsets 0:7-9 --connector acme --execute',
  ]);
  assert.equal(olderLines({ ...older, remaining: '' }).at(-1), 'It had read everything.');
  assert.match(olderLines({ kind: 'unreadable', id: 'old', reason: 'odd' })[0] ?? '', /cannot be read: odd/);
});
