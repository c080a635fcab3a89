import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComparedCase } from '../comparison.ts';
import { processNames, type ProcessName, type UsageReading } from '../pipeline/process-meter.ts';
import { summariseReplays, toReplayTables } from './replay-report.ts';
import { replaySample, type ReplaySample } from './replay-sample.ts';

function reading(atMs: number, cpuMs: number): UsageReading {
  const usage = Object.fromEntries(processNames.map((name) => [name, { cpuMs, residentMb: 90 }]));
  return { atMs, machineBusyMs: cpuMs * 6, usage: usage as Record<ProcessName, { cpuMs: number; residentMb: number }> };
}

const usage = { before: reading(0, 0), after: reading(10_000, 1_000) };
const latenciesMs = [10, 20, 30];
const quiet = replaySample(usage, { events: Number.NaN, seconds: 10, latenciesMs });
const busy = replaySample(usage, { events: 40_000, seconds: 10, latenciesMs: [10, 20, 90], gaveWayMs: 3_000 });
const share = (events: number): ReplaySample => replaySample(usage, { events, seconds: 10 });

const cases: readonly ComparedCase<ReplaySample>[] = [
  { case: 'live-500', unit: 'records/s', compared: 'p99Ms', ours: [busy], baseline: [quiet] },
  { case: 'share-0', unit: 'records/s', ours: [share(90_000)], baseline: [share(90_000)] },
  { case: 'share-500', unit: 'records/s', ours: [share(60_000)], baseline: [share(90_000)] },
];

test('a case holds its goals and both sides in full', () => {
  const [live, alone, shared] = summariseReplays(cases);
  assert.deepEqual(
    live?.goals.map(({ isMet }) => isMet),
    [true, false, false],
  );
  assert.deepEqual([live.oursInFull.gaveWayMs, live.baselineInFull.eventsPerSecond], [3_000, Number.NaN]);
  assert.deepEqual(alone?.goals, []);
  assert.deepEqual([shared?.ratio, shared?.goals[0]?.isMet], [0.667, true]);
});

test('the tables say which goals are not met, and show what a share is a share of once', () => {
  const lines = toReplayTables(summariseReplays(cases));
  assert.match(lines.find((line) => line.includes('live p99 at most')) ?? '', /42\.50 +90\.00 +NO$/);
  assert.equal(lines.filter((line) => line.startsWith('share-0 ')).length, 4);
  assert.match(lines.find((line) => line.startsWith('share-500 ')) ?? '', /replay +6,000 +10\.0/);
  assert.ok(!lines.some((line) => line.includes('NaN') || line.includes('Infinity')));
});
