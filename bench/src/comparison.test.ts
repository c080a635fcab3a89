import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarise, toJsonLine, toStartsTable, toTable, type Sample } from './comparison.ts';

const sample = (perSecond: number, rest: Partial<Sample> = {}): Sample => ({
  perSecond,
  p50Ms: 1,
  p99Ms: 2,
  rssMb: 100,
  cpuUsPerUnit: 20,
  ...rest,
});

const compared = {
  case: 'batch-100',
  unit: 'events/s',
  ours: [sample(1200, { p50Ms: 3 }), sample(500, { rssMb: 130.4, p99Ms: 9 }), sample(1500, { p50Ms: 2.125 })],
  baseline: [sample(1000), sample(400), sample(1000)],
};

test('a ratio is the median of the ratios within the rounds, so that a round on a busy machine does not skew it', () => {
  assert.deepEqual(summarise(compared), {
    case: 'batch-100',
    ours: 1200,
    baseline: 1000,
    ratio: 1.25,
    unit: 'events/s',
    p50Ms: 2.13,
    p99Ms: 2,
    rssMb: 130,
    baselineP50Ms: 1,
    baselineP99Ms: 2,
  });
});

test('the line for programs holds the name of the bench and its cases', () => {
  const line = toJsonLine('ingest', [summarise(compared)]);
  assert.deepEqual(Object.keys(JSON.parse(line)), ['bench', 'cases']);
  assert.deepEqual(Object.keys(JSON.parse(line).cases[0]), [
    'case',
    'ours',
    'baseline',
    'ratio',
    'unit',
    'p50Ms',
    'p99Ms',
    'rssMb',
    'baselineP50Ms',
    'baselineP99Ms',
  ]);
  assert.ok(!line.includes('\n'));
});

test('the table for people aligns its columns', () => {
  assert.deepEqual(toTable([summarise(compared)]), [
    'case        unit        ours   baseline   ratio   p50 ms   p99 ms   baseline p50   p99   rss MB',
    '---------   --------   -----   --------   -----   ------   ------   ------------   ---   ------',
    'batch-100   events/s   1,200      1,000    1.25      2.1      2.0            1.0   2.0      130',
  ]);
});

test('latency that is not measured is null for programs and a dash for people', () => {
  const summary = summarise({ ...compared, ours: [sample(1, { p50Ms: Number.NaN, p99Ms: Number.NaN })] });
  assert.match(toJsonLine('mapper', [summary]), /"p50Ms":null,"p99Ms":null/);
  assert.match(toTable([summary])[2] ?? '', / - {8}- /);
});

test('memory and starts of both sides are a table of their own, where starts are measured', () => {
  assert.deepEqual(toStartsTable([summarise(compared)]), []);
  const started = (coldMs: number, warmMs: number) => sample(1, { start: { coldMs, warmMs } });
  const grown = {
    ...compared,
    ours: [started(9_000, 2_000), started(12_000, 2_500)],
    baseline: [started(3_000, 2_900)],
  };
  const { starts } = summarise(grown);
  assert.deepEqual(starts, {
    ours: { coldMs: 10_500, warmMs: 2_250 },
    baseline: { coldMs: 3_000, warmMs: 2_900 },
    baselineRssMb: 100,
  });
  assert.match(toStartsTable([summarise(grown)]).at(-1) ?? '', /batch-100 +100 +100 +10\.5 +3\.0 +2\.3 +2\.9/);
});
