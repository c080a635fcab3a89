/** What the bench of the console measures, by what its command line says. Pure. */
import type { BenchSize } from '../arguments.ts';
import type { ConsolePlan } from './console-bench.ts';

const LIVE_RATE = 500;

const waits: Readonly<Record<BenchSize, Omit<ConsolePlan, 'eventsPerSecond'>>> = {
  full: { warmUpSeconds: 30, settleSeconds: 5 },
  quick: { warmUpSeconds: 5, settleSeconds: 2 },
  smoke: { warmUpSeconds: 0.5, settleSeconds: 0.5 },
};

/** `rate`: live events a second; undefined: as many as the other benches send. */
export function planLooks(size: BenchSize, rate: number | undefined): ConsolePlan {
  return { ...waits[size], eventsPerSecond: rate ?? LIVE_RATE };
}
