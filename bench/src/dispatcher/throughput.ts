/**
 * How many commands a second reach the API when they are all there. The clock runs from a while after the first call
 * until the last one: starting the process, joining the group, opening connections and compiling are left out, of both
 * sides alike.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import { compareInTurns, type SideName } from '../compare-in-turns.ts';
import type { ComparedCase, Sample } from '../comparison.ts';
import { readProcessUsage } from '../process-usage.ts';
import type { Arrivals } from './arrivals.ts';
import { startRun, type Contender, type DispatcherRun } from './dispatcher-run.ts';

export interface DispatcherCase {
  readonly name: string;
  readonly delayMs: number;
  readonly ours: Rival;
  readonly baseline: Rival;
}

interface Rival {
  readonly contender: Contender;
  /** About what it does in a second: so many commands are there for each second of the measurement. */
  readonly commandsPerSecond: number;
}

const WARM_UP_SECONDS = 3;
const POLL_MS = 20;
/** Nothing new for so long with something missing: the side hangs, or drops commands. */
const STALL_MS = 20_000;
/** For what may still be called for although everything has been: a repetition shows. */
const QUIET_MS = 300;

export function compareThroughput(
  each: DispatcherCase,
  lab: BenchLab,
  { rounds, seconds, say }: BenchOptions,
): Promise<ComparedCase> {
  const { name, delayMs } = each;
  const measured = (side: SideName): Promise<Sample> => measure(each[side], delayMs, lab, seconds);
  return compareInTurns({ name, unit: 'commands/s', rounds, say, measure: measured });
}

async function measure(rival: Rival, delayMs: number, lab: BenchLab, seconds: number): Promise<Sample> {
  const commands = Math.round(rival.commandsPerSecond * (seconds + WARM_UP_SECONDS));
  await using run = await startRun(rival.contender, lab, commands, delayMs);
  const { pid } = run.service;
  const first = await until(run, ({ firstAtMs, nowMs }) => nowMs - firstAtMs >= WARM_UP_SECONDS * 1_000);
  const before = await readProcessUsage(pid);
  const last = await until(run, ({ distinct }) => distinct >= commands);
  const after = await readProcessUsage(pid);
  await sleep(QUIET_MS);
  verify(rival.contender, await run.arrivals(), commands);
  const measured = last.commands - first.commands;
  if (measured < commands / 10) throw new Error(`${rival.contender} was through before the measurement began`);
  return {
    perSecond: measured / ((last.lastAtMs - first.nowMs) / 1_000),
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    rssMb: after.residentMb,
    cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / measured,
  };
}

/** Each command once, and in the order of its user: there is no trouble here that would excuse anything else. */
function verify(contender: Contender, { commands, distinct, overtaken }: Arrivals, expected: number): void {
  if (commands === expected && distinct === expected && overtaken === 0) return;
  throw new Error(
    `${contender} called ${commands} times for ${distinct} of ${expected} commands, ${overtaken} of them out of order`,
  );
}

async function until(run: DispatcherRun, isReached: (arrivals: Arrivals) => boolean): Promise<Arrivals> {
  let known = -1;
  let changedAtMs = performance.now();
  for (;;) {
    const arrivals = await run.arrivals();
    if (isReached(arrivals)) return arrivals;
    if (arrivals.commands !== known) {
      known = arrivals.commands;
      changedAtMs = performance.now();
    } else if (performance.now() - changedAtMs > STALL_MS) {
      throw new Error(`${run.service.name} stands still after ${known} commands`);
    }
    await sleep(POLL_MS);
  }
}
