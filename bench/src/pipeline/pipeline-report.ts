/** What the bench of the pipeline reports: medians over the rounds, for people and for programs. Pure. */
import { formatTable } from '@astrolabe/service-kit/terminal';
import { median } from '@astrolabe/testkit';
import { round, summarise, toCell, type CaseSummary, type ComparedCase } from '../comparison.ts';
import type { Delivery } from './pipeline-run.ts';
import type { PipelineSample } from './pipeline-sample.ts';
import { pipelineProcesses, processNames, type ProcessFigures, type ProcessName } from './process-meter.ts';

/** One side of a case. Memory, and what became of events, is the largest that was seen. */
export interface SideSummary extends Delivery {
  readonly eventsPerSecond: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly coresOfOthers: number;
  readonly processes: Readonly<Record<ProcessName, ProcessFigures>>;
}

export interface PipelineSummary extends CaseSummary {
  readonly oursInFull: SideSummary;
  readonly baselineInFull: SideSummary;
}

export function summarisePipeline(compared: ComparedCase<PipelineSample>): PipelineSummary {
  return {
    ...summarise(compared),
    oursInFull: summariseSide(compared.ours),
    baselineInFull: summariseSide(compared.baseline),
  };
}

export function summariseSide(samples: readonly PipelineSample[]): SideSummary {
  const middle = (of: (sample: PipelineSample) => number, digits: number): number =>
    round(median(samples.map(of)), digits);
  const most = (of: (sample: PipelineSample) => number): number => Math.max(...samples.map(of));
  const figures = processNames.map((name) => [
    name,
    {
      cpuUsPerEvent: middle(({ processes }) => processes[name].cpuUsPerEvent, 1),
      cores: middle(({ processes }) => processes[name].cores, 3),
      rssMb: Math.round(most(({ processes }) => processes[name].rssMb)),
    },
  ]);
  return {
    eventsPerSecond: middle(({ perSecond }) => perSecond, 0),
    seconds: middle(({ seconds }) => seconds, 1),
    p50Ms: middle(({ p50Ms }) => p50Ms, 2),
    p99Ms: middle(({ p99Ms }) => p99Ms, 2),
    p999Ms: middle(({ p999Ms }) => p999Ms, 2),
    coresOfOthers: middle((sample) => sample.coresOfOthers, 2),
    lost: most(({ delivery }) => delivery.lost),
    repeated: most(({ delivery }) => delivery.repeated),
    overtaken: most(({ delivery }) => delivery.overtaken),
    processes: Object.fromEntries(figures) as Record<ProcessName, ProcessFigures>,
  };
}

/** Four tables: what users notice, and what each process costs. */
export function toPipelineTables(summaries: readonly PipelineSummary[]): string[] {
  const rows = summaries.flatMap(({ case: name, oursInFull, baselineInFull }) => [
    { name, side: 'ours', summary: oursInFull },
    { name: '', side: 'naive', summary: baselineInFull },
  ]);
  const outcome = formatTable(
    ['case', 'side', 'events/s', 'seconds', 'p50 ms', 'p99 ms', 'p99.9 ms', 'lost', 'repeated', 'out of order'],
    rows.map(({ name, side, summary }) => [
      name,
      side,
      summary.eventsPerSecond.toLocaleString('en'),
      toCell(summary.seconds),
      toCell(summary.p50Ms),
      toCell(summary.p99Ms),
      toCell(summary.p999Ms),
      summary.lost,
      summary.repeated,
      summary.overtaken,
    ]),
    { rightFrom: 2, ruled: true },
  );
  return [...outcome, ...toCostTables(rows)];
}

/** One side of a case; the second one has no name. */
export interface CostRow {
  readonly name: string;
  readonly side: string;
  readonly summary: Pick<SideSummary, 'processes' | 'coresOfOthers'>;
}

/** Three tables: what each process costs. */
export function toCostTables(rows: readonly CostRow[]): string[] {
  const costs = (title: string, figure: keyof ProcessFigures, digits: number, others: readonly string[]): string[] => [
    '',
    `${title}:`,
    ...formatTable(
      ['case', 'side', ...pipelineProcesses, 'together', 'API stub', 'load', ...others],
      rows.map(({ name, side, summary: { processes, coresOfOthers } }) => {
        const of = (process: ProcessName): number => processes[process][figure];
        const together = pipelineProcesses.reduce((sum, process) => sum + of(process), 0);
        const figures = [
          ...pipelineProcesses.map(of),
          together,
          of('api'),
          of('load'),
          ...others.map(() => coresOfOthers),
        ];
        return [name, side, ...figures.map((value) => toCell(value, digits))];
      }),
      { rightFrom: 2, ruled: true },
    ),
  ];
  return [
    ...costs('CPU for each event, µs', 'cpuUsPerEvent', 0, []),
    ...costs('CPU, cores', 'cores', 2, ['all else']),
    ...costs('Resident memory, MB', 'rssMb', 0, []),
  ];
}
