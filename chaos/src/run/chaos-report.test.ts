import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport, type ChaosReport, type ShortestFailure } from './chaos-report.ts';

const MEBIBYTE = 1_048_576;
const none = { commands: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };

/** A run in which all went well, but for what a test says. */
function reportOf(changes: Partial<ChaosReport> = {}): ChaosReport {
  return {
    seed: 7,
    minutes: 2,
    events: 3_000,
    figures: {
      calls: { acknowledged: 900, refused: 3, unknown: 0 },
      attempts: 950,
      acknowledgedEvents: 2_990,
      eventRecords: 2_995,
      commandRecords: 3_100,
      executedCommands: 3_090,
      replayedCalls: 12,
      outcomes: { mapped: 2_900, 'skipped: unsupported': 95 },
      deadLetters: { 'event.unmappable': 4, 'api.rejected': 2 },
      crashes: 0,
      replays: [],
      readAgain: { commands: 3_100, calls: 0 },
    },
    attemptsByStatus: { 0: 20, 200: 900, 503: 30 },
    disturbances: [],
    disturbancesByKind: {},
    freshness: { healthy: { commands: 3_000, p50Ms: 80, p99Ms: 900, maxMs: 1_200 }, disturbed: none },
    drainMs: 1_300,
    ledgerDisk: 'tmpfs',
    brokerCrashes: [],
    lives: [],
    upgrade: undefined,
    violationCounts: {},
    violations: [],
    ...changes,
  };
}

function linesOf(report: ChaosReport, shortest?: ShortestFailure): string[] {
  return renderReport(report, shortest).split('\n');
}

test('a run that kept every promise says so last, and what it was made of', () => {
  const lines = linesOf(reportOf());
  assert.equal(lines[0], 'seed 7, 2 minutes, 3000 events');
  for (const line of [
    'calls      acknowledged 900, refused 3, unknown 0; attempts by status 0 20, 200 900, 503 30',
    'events     2990 acknowledged, 2995 records: mapped 2900, skipped: unsupported 95',
    'commands   3100 records, 3090 executed, 12 calls answered from memory',
    'replays    none',
    'again      3100 commands were read again at the end, and 0 calls made for them',
    'dead       event.unmappable 4, api.rejected 2',
    'freshness  healthy p50 80 ms, p99 900 ms, at most 1200 ms (3000 commands)',
    'processes  0 lives, crashed: none',
    'brokers    0 ended by themselves and were started again',
    'leaks      not judged, no life was long enough; 0 of 0 lives were long enough to tell',
    'drained    1300 ms after the last call and the last healing',
    'ledger     on a disk of its own: tmpfs',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.equal(lines.at(-1), 'every promise was kept');
  assert.ok(!lines.some((line) => line.startsWith('violations') || line.startsWith('again:')));
});

test('violations are told with their trail, all of them counted, and with the command that repeats the run', () => {
  const trail = ['event segment.events.v1:3:41', 'command astrolabe.commands.v1:3:40', 'no call to the API'];
  const lines = linesOf(
    reportOf({
      violationCounts: { accounted: 31, drained: 1 },
      violations: [
        { kind: 'violation', invariant: 'accounted', subject: 'c1 u5', detail: 'was never executed', trail },
        { kind: 'violation', invariant: 'drained', subject: 'the pipeline', detail: 'mapper is at 3 of 9', trail: [] },
      ],
    }),
  );
  const from = lines.indexOf('violations accounted 31, drained 1');
  assert.deepEqual(lines.slice(from + 1), [
    '  accounted: c1 u5: was never executed',
    ...trail.map((line) => `      ${line}`),
    '  drained: the pipeline: mapper is at 3 of 9',
    '',
    'again: npm run chaos -- --seed 7 --minutes 2 --events 3000',
  ]);
  assert.ok(!lines.includes('every promise was kept'));
});

test('replays are told together and each by itself', () => {
  const { figures } = reportOf();
  const replay = { id: 'at-9000', source: 'events', isForced: true, phase: 'finished' } as const;
  const counts = { read: 300, matched: 100, made: 120, delivered: 118, knownToLedger: 2, dropped: 0 };
  const cancelled = { ...replay, ...counts, id: 'at-12000', source: 'commands', phase: 'cancelled', made: 0 } as const;
  const lines = linesOf(reportOf({ figures: { ...figures, replays: [{ ...replay, ...counts }, cancelled] } }));
  for (const line of [
    'replays    2: finished 1, cancelled 1; 600 records read again, 236 commands called for',
    '  at-9000 of events, forced: finished, 300 read, 100 matching, 120 commands made, 118 called for, 2 known, 0 dropped',
    '  at-12000 of commands, forced: cancelled, 300 read, 100 matching, 118 called for, 2 known, 0 dropped',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

const violated = {
  violationCounts: { stored: 1 },
  violations: [{ kind: 'violation', invariant: 'stored', subject: 'c1 m1', detail: 'is not there', trail: [] }],
} as const;

test('the shortest schedule that fails is told, and whether it may be shorter still', () => {
  const schedule = [{ kind: 'cut', link: 'ingest>broker-2', atMs: 1_500, forMs: 3_000 }] as const;
  assert.deepEqual(linesOf(reportOf(violated), { schedule, runs: 5, isMinimal: true }).slice(-2), [
    'shortest schedule that fails, after 5 more runs (none of these can be left out):',
    '  1.5 s cut link ingest>broker-2 for 3.0 s',
  ]);
  const unfinished = linesOf(reportOf(violated), { schedule, runs: 2, isMinimal: false });
  assert.ok(
    unfinished.includes(
      'shortest schedule that fails, after 2 more runs (the time ran out before a shorter one was found):',
    ),
  );
  const undisturbed = linesOf(reportOf(violated), { schedule: [], runs: 3, isMinimal: true });
  assert.equal(undisturbed.at(-1), '  none: it fails undisturbed');
});

test('a disturbance that was skipped is told with its reason, and counted beside those that were done', () => {
  const lines = linesOf(
    reportOf({
      disturbances: [
        { what: '1.0 s disk-full target dispatcher-1', outcome: 'skipped', reason: 'no right to mount', recoveryMs: 0 },
        { what: '2.0 s kill target mapper-1', outcome: 'done', recoveryMs: 640 },
      ],
      disturbancesByKind: {
        'disk-full': { done: 0, skipped: 1, recoveryP50Ms: 0, recoveryMaxMs: 0 },
        'kill mapper': { done: 1, skipped: 0, recoveryP50Ms: 640, recoveryMaxMs: 640 },
      },
    }),
  );
  for (const line of [
    '  disk-full: 0 and 1 skipped, 0 ms, 0 ms',
    '  kill mapper: 1, 640 ms, 640 ms',
    '  1.0 s disk-full target dispatcher-1: skipped, no right to mount',
    '  2.0 s kill target mapper-1: 640 ms',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test('processes and brokers that ended by themselves are named, a broker with how it ended', () => {
  const lines = linesOf(
    reportOf({
      lives: [
        { instance: 'mapper-1', life: 1, end: 'killed', held: undefined },
        { instance: 'dispatcher-2', life: 3, end: 'crashed', held: undefined },
      ],
      brokerCrashes: ['broker-2: the Kafka broker ended (exit code 1); the end of its log:\nlog line\nlog line'],
    }),
  );
  assert.ok(lines.includes('processes  2 lives, crashed: dispatcher-2#3'));
  const at = lines.indexOf('brokers    1 ended by themselves and were started again');
  assert.equal(lines[at + 1], '           broker-2: the Kafka broker ended (exit code 1)');
  assert.ok(!lines.includes('log line'));
});

test('what each life held is told where it was long enough, and how many leaks that is', () => {
  const held = {
    heapBytes: [20 * MEBIBYTE, 60 * MEBIBYTE, 130 * MEBIBYTE],
    residentBytes: [90 * MEBIBYTE, 91 * MEBIBYTE, 92 * MEBIBYTE],
    openDescriptors: [30, 31, 30],
    activeHandles: [8, 8, 9],
  } as const;
  const lives = [
    { instance: 'mapper-1', life: 1, end: 'stopped', held },
    { instance: 'mapper-2', life: 1, end: 'killed', held: undefined },
  ];
  const kept = linesOf(reportOf({ lives }));
  assert.ok(kept.includes('leaks      0 found; 1 of 2 lives were long enough to tell'));
  const leaked = linesOf(reportOf({ lives, violationCounts: { 'no-leak': 1 } }));
  const at = leaked.indexOf('leaks      1 found; 1 of 2 lives were long enough to tell');
  assert.equal(
    leaked[at + 1],
    '           mapper-1#1, least of each third: heap 20 60 130 MB, resident 90 91 92 MB, descriptors 30 31 30, handles 8 8 9',
  );
});

test('a run that upgrades tells of it, and how to have it again', () => {
  const upgrade = {
    asked: 'aaaa1111',
    old: 'aaaa (mapper: before)',
    new: 'bbbb (mapper: after)',
    contractsAtMs: 9_000,
    sideBySideMs: { ingest: 1_000, mapper: 2_000, dispatcher: 3_000 },
    instances: [],
    failures: [],
  };
  const kept = linesOf(reportOf({ upgrade }));
  assert.ok(kept.includes('upgrade    from aaaa (mapper: before) to bbbb (mapper: after)'));
  assert.equal(kept.at(-1), 'every promise was kept');
  const failed = linesOf(reportOf({ upgrade: { ...upgrade, failures: ['mapper-1 as old: it did not serve'] } }));
  assert.equal(failed.at(-1), 'every promise was kept, but the upgrade failed: see above');
  const violations = [{ kind: 'violation', invariant: 'drained', subject: 'x', detail: 'y', trail: [] }] as const;
  const again = linesOf(reportOf({ upgrade, violations, violationCounts: { drained: 1 } }));
  assert.equal(again.at(-1), 'again: npm run chaos -- --seed 7 --minutes 2 --events 3000 --upgrade-from aaaa1111');
});
