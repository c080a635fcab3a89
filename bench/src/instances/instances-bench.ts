/**
 * How many calls a second several dispatchers make, beside one: of an API that takes 200 ms, with a number of calls in
 * flight that each instance may have; and where the connector has a rate, which they share.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openLab, type BenchLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import { compareInTurns } from '../compare-in-turns.ts';
import type { ComparedCase, Sample } from '../comparison.ts';
import type { Arrivals } from '../dispatcher/arrivals.ts';
import { connectorId } from '../dispatcher/commands.ts';
import { readProcessUsage } from '../process-usage.ts';
import { startInstances, type InstancesRun } from './instances-run.ts';

interface InstancesCase {
  readonly name: string;
  readonly instances: number;
  /** Of the connector, over all instances; 0 is unlimited. */
  readonly callsPerSecond: number;
}

const DELAY_MS = 200;
/** Each instance makes 320 calls a second at most, so that the machine is not what limits four of them. */
const MAX_CONCURRENT_CALLS = 64;
const CALLS_PER_SECOND = (MAX_CONCURRENT_CALLS * 1_000) / DELAY_MS;
const WARM_UP_SECONDS = 3;
/** Longer than is measured: no instance runs out of commands before the end. */
const SPARE_SECONDS = 5;
const POLL_MS = 20;
const FIRST_CALL_TIMEOUT_MS = 20_000;

const cases: readonly InstancesCase[] = [
  { name: 'instances-2', instances: 2, callsPerSecond: 0 },
  { name: 'instances-4', instances: 4, callsPerSecond: 0 },
  { name: 'rate-4', instances: 4, callsPerSecond: CALLS_PER_SECOND / 2 },
];

/** Rejects when a command is called for twice, or out of the order of its user. */
export async function runInstancesBench(options: BenchOptions): Promise<ComparedCase[]> {
  await using lab = await openLab(options, [{ id: connectorId, name: 'Bench', apiKey: 'bench' }]);
  const { rounds, seconds, say } = options;
  const compared: ComparedCase[] = [];
  for (const { name, instances, callsPerSecond } of cases) {
    const measureSide = (side: 'ours' | 'baseline'): Promise<Sample> =>
      measure(side === 'ours' ? instances : 1, callsPerSecond, lab, seconds);
    compared.push(await compareInTurns({ name, unit: 'calls/s', rounds, say, measure: measureSide }));
  }
  return compared;
}

async function measure(instances: number, callsPerSecond: number, lab: BenchLab, seconds: number): Promise<Sample> {
  await using run = await startInstances(instances, lab, DELAY_MS, {
    DISPATCHER_MAX_CONCURRENT_CALLS: String(MAX_CONCURRENT_CALLS),
    DISPATCHER_CALLS_PER_SECOND: String(callsPerSecond),
  });
  const commands = Math.round(instances * CALLS_PER_SECOND * (WARM_UP_SECONDS + seconds + SPARE_SECONDS));
  await run.fill(commands);
  await untilCalled(run);
  await sleep(WARM_UP_SECONDS * 1_000);
  const [first, before] = [await run.arrivals(), await usageOf(run)];
  await sleep(seconds * 1_000);
  const [last, after] = [await run.arrivals(), await usageOf(run)];
  verify(last, commands);
  const measured = last.commands - first.commands;
  return {
    perSecond: measured / ((last.nowMs - first.nowMs) / 1_000),
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    rssMb: after.residentMb,
    cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / measured,
  };
}

function verify({ commands, distinct, overtaken }: Arrivals, onTopic: number): void {
  if (commands !== distinct || overtaken > 0) {
    throw new Error(`${commands} calls for ${distinct} commands, ${overtaken} of them out of order`);
  }
  if (commands >= onTopic) throw new Error('all commands were called for before the measurement ended');
}

async function untilCalled(run: InstancesRun): Promise<void> {
  const untilMs = performance.now() + FIRST_CALL_TIMEOUT_MS;
  while ((await run.arrivals()).commands === 0) {
    if (performance.now() > untilMs) throw new Error('no dispatcher makes a call');
    await sleep(POLL_MS);
  }
}

/** Of all instances together. */
async function usageOf({ services }: InstancesRun): Promise<{ readonly cpuMs: number; readonly residentMb: number }> {
  const usages = await Promise.all(services.map(({ pid }) => readProcessUsage(pid)));
  return {
    cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    residentMb: usages.reduce((sum, { residentMb }) => sum + residentMb, 0),
  };
}
