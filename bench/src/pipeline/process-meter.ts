/** What the processes of a pipeline use between two moments. */
import { readMachineBusyMs, readProcessUsage, type ProcessUsage } from '../process-usage.ts';
import { monotonicMs } from '../event-load/monotonic.ts';

/** `api` is the stub, and `load` the bench itself: they share the machine with what is measured. */
export const processNames = ['ingest', 'mapper', 'dispatcher', 'broker', 'api', 'load'] as const;
export type ProcessName = (typeof processNames)[number];

/** Those that somebody pays for who runs the pipeline. */
export const pipelineProcesses = ['ingest', 'mapper', 'dispatcher', 'broker'] as const satisfies ProcessName[];

/** Undefined for a broker that is not a process of this machine. */
export type Pids = Readonly<Record<ProcessName, number | undefined>>;

/** NaN where it cannot be told. */
export interface ProcessFigures {
  readonly cpuUsPerEvent: number;
  /** Cores: 0.5 is half of one. */
  readonly cores: number;
  readonly rssMb: number;
}

export interface UsageReading {
  readonly atMs: number;
  /** Of all processors together. */
  readonly machineBusyMs: number;
  readonly usage: Readonly<Record<ProcessName, ProcessUsage>>;
}

const unknown: ProcessUsage = { cpuMs: Number.NaN, residentMb: Number.NaN };

export async function readUsage(pids: Pids): Promise<UsageReading> {
  const readings = await Promise.all(
    processNames.map(async (name) => {
      const pid = pids[name];
      return [name, pid === undefined ? unknown : await readProcessUsage(pid)] as const;
    }),
  );
  return { atMs: monotonicMs(), machineBusyMs: await readMachineBusyMs(), usage: byProcess(readings) };
}

/** Cores that worked for something else than the processes of the bench: other programs, and interrupts. */
export function coresOfOthers(before: UsageReading, after: UsageReading): number {
  const own = processNames.map((name) => after.usage[name].cpuMs - before.usage[name].cpuMs);
  const othersMs = own.reduce((rest, cpuMs) => rest - cpuMs, after.machineBusyMs - before.machineBusyMs);
  return othersMs / (after.atMs - before.atMs);
}

/** `events` came between the two readings. */
export function usageBetween(
  before: UsageReading,
  after: UsageReading,
  events: number,
): Readonly<Record<ProcessName, ProcessFigures>> {
  const elapsedMs = after.atMs - before.atMs;
  return byProcess(
    processNames.map((name) => {
      const cpuMs = after.usage[name].cpuMs - before.usage[name].cpuMs;
      const { residentMb: rssMb } = after.usage[name];
      return [name, { cpuUsPerEvent: (cpuMs * 1_000) / events, cores: cpuMs / elapsedMs, rssMb }] as const;
    }),
  );
}

function byProcess<T>(entries: readonly (readonly [ProcessName, T])[]): Readonly<Record<ProcessName, T>> {
  return Object.fromEntries(entries) as Record<ProcessName, T>;
}
