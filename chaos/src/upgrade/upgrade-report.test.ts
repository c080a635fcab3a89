import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DisturbedService } from '../schedule/disturbance.ts';
import type { LifeSpan } from './life-span.ts';
import { createUpgradeReport, upgradeFaults, upgradeLines, type UpgradeInput } from './upgrade-report.ts';

const STARTED_MS = 1_000_000;

/** Times since the start of the run, in seconds. */
function span(
  instance: `${DisturbedService}-${1 | 2}`,
  life: number,
  side: LifeSpan['side'],
  times: { readonly from: number; readonly worked?: number; readonly to?: number },
  end: LifeSpan['end'] = times.to === undefined ? 'running' : 'stopped',
  fault?: LifeSpan['fault'],
): LifeSpan {
  const atMs = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : STARTED_MS + seconds * 1_000;
  const service = instance.slice(0, -2) as DisturbedService;
  const beganAtMs = STARTED_MS + times.from * 1_000;
  const [workedFromMs, endedAtMs] = [atMs(times.worked), atMs(times.to)];
  return { service, instance, life, side, end, beganAtMs, workedFromMs, endedAtMs, fault };
}

/** Of each service the first instance is replaced at 10 s, the second one at 30 s. */
function spansOf(service: DisturbedService): LifeSpan[] {
  return [
    span(`${service}-1`, 1, 'old', { from: -5, worked: -2, to: 10 }),
    span(`${service}-1`, 2, 'new', { from: 10.5, worked: 12 }),
    span(`${service}-2`, 1, 'old', { from: -5, worked: -2, to: 30 }),
    span(`${service}-2`, 2, 'new', { from: 30.5, worked: 33 }),
  ];
}

function inputOf(changes: Partial<UpgradeInput> = {}): UpgradeInput {
  return {
    titles: { asked: 'aaaa1111', old: 'aaaa (mapper: before)', new: 'bbbb (mapper: after)' },
    spans: [...spansOf('ingest'), ...spansOf('mapper'), ...spansOf('dispatcher')],
    contractsAtMs: STARTED_MS + 9_000,
    failures: [],
    startedAtMs: STARTED_MS,
    drainedAtMs: STARTED_MS + 60_000,
    ...changes,
  };
}

test('the report tells which instance ran which revision when, and how long both worked', () => {
  const report = createUpgradeReport(inputOf());
  assert.deepEqual(report.sideBySideMs, { ingest: 18_000, mapper: 18_000, dispatcher: 18_000 });
  assert.deepEqual(upgradeFaults(report), []);
  const lines = upgradeLines(report);
  assert.deepEqual(lines.slice(0, 5), [
    'upgrade    from aaaa (mapper: before) to bbbb (mapper: after)',
    '           topics and schemas of the new revision declared at 9.0 s',
    '           both worked side by side: ingest 18.0 s, mapper 18.0 s, dispatcher 18.0 s',
    '           ingest-1: old #1 from -5.0 s to 10.0 s, new #2 from 10.5 s to the end',
    '           ingest-2: old #1 from -5.0 s to 30.0 s, new #2 from 30.5 s to the end',
  ]);
  assert.equal(lines.length, 9);
});

test('a life that crashed or was killed, and one that never worked, are told as such', () => {
  const own = [
    span('mapper-1', 1, 'old', { from: -5, to: 10 }, 'crashed'),
    span('mapper-1', 2, 'old', { from: 11, worked: 12, to: 20 }, 'killed'),
    span('mapper-1', 3, 'new', { from: 21, worked: 22 }),
  ];
  const lines = upgradeLines(createUpgradeReport(inputOf({ spans: own })));
  assert.equal(
    lines[3],
    '           mapper-1: old #1 from -5.0 s to 10.0 s, never worked, crashed, old #2 from 11.0 s to 20.0 s, killed, new #3 from 21.0 s to the end',
  );
});

test('a run in which the revisions of a service never worked together, or one did not serve, has failed', () => {
  const apart = [...spansOf('ingest'), ...spansOf('dispatcher'), span('mapper-1', 1, 'old', { from: -5, worked: -2 })];
  const report = createUpgradeReport(inputOf({ spans: apart, failures: ['mapper-2 as old: it did not serve'] }));
  const [failure, missing, ...others] = upgradeFaults(report);
  assert.equal(failure, 'mapper-2 as old: it did not serve');
  assert.match(missing ?? '', /^mapper: the two revisions were never seen working at the same time/);
  assert.deepEqual(others, []);
  assert.ok(upgradeLines(report).includes('           FAILED mapper-2 as old: it did not serve'));
});

test('a process that ended by itself is a failure of the upgrade where no disturbance has that cause', () => {
  const crash = (code: string): LifeSpan =>
    span('dispatcher-1', 3, 'old', { from: 40, to: 41 }, 'crashed', { code, message: 'version 3' });
  const failuresWith = (code: string): readonly string[] =>
    createUpgradeReport(inputOf({ spans: [...inputOf().spans, crash(code)] })).failures;
  assert.deepEqual(failuresWith('ledger.disk-failed'), []);
  assert.deepEqual(failuresWith('ledger.unknown-format'), [
    'dispatcher-1 #3 of the old revision ended by itself: ledger.unknown-format: version 3',
  ]);
});

test('what happened before anything was replaced is told', () => {
  const report = createUpgradeReport(inputOf({ contractsAtMs: undefined }));
  assert.equal(upgradeLines(report)[1], '           topics and schemas of the new revision never declared');
});
