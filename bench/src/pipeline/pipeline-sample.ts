/** One measurement of a whole pipeline. */
import { percentile } from '@astrolabe/testkit';
import type { Sample } from '../comparison.ts';
import type { Delivery } from './pipeline-run.ts';
import { pipelineProcesses, type ProcessFigures, type ProcessName } from './process-meter.ts';

/** CPU and memory of a `Sample` are those of the services and the broker together. */
export interface PipelineSample extends Sample {
  readonly seconds: number;
  readonly p999Ms: number;
  /** Since the processes started. */
  readonly delivery: Delivery;
  readonly processes: Readonly<Record<ProcessName, ProcessFigures>>;
  /** As of `coresOfOthers`. */
  readonly coresOfOthers: number;
}

export interface Measured {
  readonly events: number;
  readonly seconds: number;
  /** Of the events that came; empty where none is measured. */
  readonly latenciesMs: readonly number[];
  readonly delivery: Delivery;
  readonly processes: Readonly<Record<ProcessName, ProcessFigures>>;
  /** As of `coresOfOthers`. */
  readonly coresOfOthers: number;
}

export function toSample(measured: Measured): PipelineSample {
  const { events, seconds, latenciesMs, delivery, processes } = measured;
  const at = (share: number): number => (latenciesMs.length === 0 ? Number.NaN : percentile(latenciesMs, share));
  const together = (figure: keyof ProcessFigures): number =>
    pipelineProcesses.reduce((sum, name) => sum + processes[name][figure], 0);
  const { lost, repeated, overtaken } = delivery;
  return {
    perSecond: events / seconds,
    seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    rssMb: together('rssMb'),
    cpuUsPerUnit: together('cpuUsPerEvent'),
    delivery: { lost, repeated, overtaken },
    processes,
    coresOfOthers: measured.coresOfOthers,
  };
}
