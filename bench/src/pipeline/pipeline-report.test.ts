import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toJsonLine } from '../comparison.ts';
import { summarisePipeline, toPipelineTables } from './pipeline-report.ts';
import { toSample, type Measured, type PipelineSample } from './pipeline-sample.ts';
import { processNames, type ProcessFigures, type ProcessName } from './process-meter.ts';

const none = { lost: 0, repeated: 0, overtaken: 0 };

function processes(figures: ProcessFigures): Record<ProcessName, ProcessFigures> {
  return Object.fromEntries(processNames.map((name) => [name, figures])) as Record<ProcessName, ProcessFigures>;
}

function sample(rest: Partial<Measured> = {}): PipelineSample {
  return toSample({
    events: 1_000,
    seconds: 2,
    latenciesMs: Array.from({ length: 1_000 }, (_, index) => index + 1),
    delivery: none,
    processes: processes({ cpuUsPerEvent: 10, cores: 0.1, rssMb: 100 }),
    coresOfOthers: 0.05,
    ...rest,
  });
}

const compared = {
  case: 'live-500',
  unit: 'events/s',
  compared: 'p99Ms',
  ours: [
    sample(),
    sample({ processes: processes({ cpuUsPerEvent: 30, cores: 0.3, rssMb: 120 }) }),
    sample({ latenciesMs: [5_000], processes: processes({ cpuUsPerEvent: 20, cores: 0.2, rssMb: 90 }) }),
  ],
  baseline: [sample(), sample({ delivery: { lost: 3, repeated: 1, overtaken: 2 } }), sample()],
} as const;

test('CPU and memory of a sample are those of the services and the broker, not of the stub and the load', () => {
  const { perSecond, cpuUsPerUnit, rssMb, p999Ms } = sample();
  assert.deepEqual(
    { perSecond, cpuUsPerUnit, rssMb, p999Ms },
    { perSecond: 500, cpuUsPerUnit: 40, rssMb: 400, p999Ms: 999 },
  );
});

test('a summary holds medians of the rounds, and the most that was lost, repeated or out of order', () => {
  const { oursInFull, baselineInFull, ratio } = summarisePipeline(compared);
  assert.equal(ratio, 1);
  assert.deepEqual(oursInFull.processes.mapper, { cpuUsPerEvent: 20, cores: 0.2, rssMb: 120 });
  assert.equal(oursInFull.p999Ms, 999);
  const { lost, repeated, overtaken } = baselineInFull;
  assert.deepEqual({ lost, repeated, overtaken }, { lost: 3, repeated: 1, overtaken: 2 });
});

test('the tables for people show both sides of a case, and a dash for what is not measured', () => {
  const synced = { ...compared, case: 'first-sync-bulk', ours: [sample({ latenciesMs: [] })], baseline: [sample()] };
  const lines = toPipelineTables([summarisePipeline(compared), summarisePipeline(synced)]);
  assert.match(lines[2] ?? '', /^live-500 +ours +500 +2\.0 +500\.0 +990\.0 +999\.0 +0 +0 +0$/);
  assert.match(lines[3] ?? '', /^ +naive .* 3 +1 +2$/);
  assert.match(lines[4] ?? '', /^first-sync-bulk +ours +500 +2\.0 +- +- +- +0 +0 +0$/);
  const cpu = lines.indexOf('CPU for each event, µs:');
  assert.match(lines[cpu + 3] ?? '', /^live-500 +ours +20 +20 +20 +20 +80 +20 +20$/);
  const cores = lines.indexOf('CPU, cores:');
  assert.match(lines[cores + 3] ?? '', /^live-500 +ours( +0\.20){4} +0\.80 +0\.20 +0\.20 +0\.05$/);
});

test('the line for programs holds every figure, and null for what is not measured', () => {
  const { cases } = JSON.parse(
    toJsonLine('pipeline', [summarisePipeline({ ...compared, ours: [sample({ latenciesMs: [] })] })]),
  ) as {
    cases: Record<string, Record<string, unknown>>[];
  };
  assert.equal(cases[0]?.['oursInFull']?.['p999Ms'], null);
  assert.deepEqual(cases[0]['baselineInFull']?.['processes'], processes({ cpuUsPerEvent: 10, cores: 0.1, rssMb: 100 }));
});
