import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatcherProgress, replayOrder, replayView } from '@astrolabe/replay/testing';
import { summarize } from '../../replay/core/replay-report.ts';
import { judgeReplays } from './judge-replays.ts';

const order = replayOrder({ request: { source: 'commands' } });
const at = (nextOffset: bigint, parts: Partial<typeof order> = {}) =>
  summarize(replayView({ ...order, ...parts }, { dispatcher: new Map([[0, dispatcherProgress(nextOffset)]]) }));
const nowMs = order.startedAtMs + 1_000;

const levels = (...given: Parameters<typeof judgeReplays>) =>
  judgeReplays(...given).map(({ level, about }) => [level, about]);

test('a replay that works, is paused or is over is in order', () => {
  const running = { ...at(50n), isOrphan: false };
  const finished = { ...at(100n), isOrphan: false };
  assert.deepEqual(levels([running, finished], [], nowMs), [['ok', 'replay r1']]);
  assert.deepEqual(levels([finished], [], nowMs), [['ok', 'replays']]);
  const paused = { ...at(50n, { wanted: 'pause' }), isOrphan: false };
  assert.deepEqual(levels([paused], [], nowMs + 3_600_000), [['ok', 'replay r1']]);
});

test('a replay on which nobody works is told, with what to do', () => {
  const running = { ...at(50n), isOrphan: false };
  assert.deepEqual(levels([running], [], nowMs + 3_600_000), [['warning', 'replay r1']]);
  assert.deepEqual(levels([{ ...running, isOrphan: true }], [], nowMs), [['problem', 'replay r1']]);
  const older = { id: 'old', request: { source: 'events' }, startedAt: '2026-03-01T00:00:00Z' } as const;
  assert.deepEqual(levels([], [{ kind: 'readable', ...older, remaining: '0:1-2' }], nowMs), [
    ['warning', 'replay old'],
  ]);
  assert.deepEqual(levels([], [{ kind: 'readable', ...older, remaining: '' }], nowMs), [['ok', 'replays']]);
});
