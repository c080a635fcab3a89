/**
 * How long a single event takes from ingest's HTTP to the API's acknowledgement: right after the start of the services,
 * slice by slice, and then at even rates. All of it in one life of the processes: the cold start warms them up for the
 * rest.
 */
import type { BenchLab } from '../bench-lab.ts';
import type { SideName } from '../compare-in-turns.ts';
import { LiveSender, LIVE_USERS } from './live-sender.ts';
import { startPipeline } from './pipeline-run.ts';
import type { PipelineSample } from './pipeline-sample.ts';

export interface Life {
  readonly writeKey: string;
  readonly cold: {
    readonly eventsPerSecond: number;
    readonly slices: number;
    readonly sliceSeconds: number;
  };
  /** Events a second, one after the other. */
  readonly steadyRates: readonly number[];
  /** How long each rate is sent before it is measured. */
  readonly settleSeconds: number;
  /** How long each rate is measured. */
  readonly seconds: number;
}

/** The samples of each case by its name, in the order of the cases. */
export async function measureLife(
  side: SideName,
  lab: BenchLab,
  life: Life,
): Promise<ReadonlyMap<string, PipelineSample>> {
  await using run = await startPipeline(lab, { side, isBulk: false, users: LIVE_USERS });
  const sender = new LiveSender(run, life.writeKey);
  const samples = new Map<string, PipelineSample>();
  const { eventsPerSecond, slices, sliceSeconds } = life.cold;
  const cold = await sender.send(eventsPerSecond, slices, sliceSeconds);
  for (const [slice, sample] of cold.entries()) {
    samples.set(`cold-${slice * sliceSeconds}-${(slice + 1) * sliceSeconds}s`, sample);
  }
  for (const rate of life.steadyRates) {
    await sender.send(rate, 1, life.settleSeconds);
    const [sample] = await sender.send(rate, 1, life.seconds);
    if (sample !== undefined) samples.set(`live-${rate}`, sample);
  }
  return samples;
}
