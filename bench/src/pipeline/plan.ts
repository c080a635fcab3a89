/** What the bench of the pipeline measures, by what its command line says. Pure. */
import type { BenchSize, PipelineArguments, PipelinePart } from '../arguments.ts';
import type { PipelinePlan } from './pipeline-bench.ts';

interface Extent {
  readonly members: number;
  readonly slices: number;
  readonly sliceSeconds: number;
  readonly settleSeconds: number;
}

const extents: Readonly<Record<BenchSize, Extent>> = {
  full: { members: 1_000_000, slices: 6, sliceSeconds: 5, settleSeconds: 3 },
  quick: { members: 50_000, slices: 3, sliceSeconds: 2, settleSeconds: 1 },
  smoke: { members: 2_000, slices: 2, sliceSeconds: 0.5, settleSeconds: 0.5 },
};
/** Single calls take several times as long. */
const SINGLE_SHARE = 0.2;
const COLD_RATE = 500;
const STEADY_RATES = [100, 500, 2_000];

export function planOf(
  size: BenchSize,
  seconds: number,
  { part, rate, members: chosenMembers }: PipelineArguments,
): PipelinePlan {
  const { members: usualMembers, slices, sliceSeconds, settleSeconds } = extents[size];
  const members = chosenMembers ?? usualMembers;
  const isMeasured = (name: PipelinePart): boolean => part === undefined || part === name;
  return {
    syncs: [
      ...(isMeasured('first-sync-bulk') ? [{ name: 'first-sync-bulk', members, isBulk: true }] : []),
      ...(isMeasured('first-sync-single')
        ? [{ name: 'first-sync-single', members: Math.ceil(members * SINGLE_SHARE), isBulk: false }]
        : []),
    ],
    life: isMeasured('live')
      ? {
          cold: { eventsPerSecond: rate ?? COLD_RATE, slices, sliceSeconds },
          steadyRates: rate === undefined ? STEADY_RATES : [rate],
          settleSeconds,
          seconds,
        }
      : undefined,
  };
}
