/**
 * How long a single event takes from ingest's HTTP to the API's acknowledgement: right after the start of the services,
 * slice by slice, and then at even rates. All of it in one life of the processes: the cold start warms them up for the
 * rest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchLab } from '../bench-lab.ts';
import type { SideName } from '../compare-in-turns.ts';
import { monotonicMs } from './monotonic.ts';
import { startPipeline, untilDelivered, type PipelineRun } from './pipeline-run.ts';
import { toSample, type PipelineSample } from './pipeline-sample.ts';
import { coresOfOthers, readUsage, usageBetween, type UsageReading } from './process-meter.ts';
import { startEventLoad } from './run-event-load.ts';

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

/** So few that the events of one user follow each other closely: order is at stake. */
const USERS = 200;
const CONNECTIONS = 64;

/** The samples of each case by its name, in the order of the cases. */
export async function measureLife(
  side: SideName,
  lab: BenchLab,
  life: Life,
): Promise<ReadonlyMap<string, PipelineSample>> {
  await using run = await startPipeline(lab, { side, isBulk: false, users: USERS });
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

class LiveSender {
  readonly #run: PipelineRun;
  readonly #writeKey: string;
  /** Number of the next event. */
  #next = 0;
  #lost = 0;

  constructor(run: PipelineRun, writeKey: string) {
    this.#run = run;
    this.#writeKey = writeKey;
  }

  /** Sends evenly for so many slices of time, and waits for all events; resolves with a sample for each slice. */
  async send(eventsPerSecond: number, slices: number, sliceSeconds: number): Promise<readonly PipelineSample[]> {
    const run = this.#run;
    const first = this.#next;
    const eventsPerSlice = Math.max(1, Math.round(eventsPerSecond * sliceSeconds));
    const events = eventsPerSlice * slices;
    this.#next += events;
    const load = await startEventLoad({
      kind: 'paced',
      url: run.ingestUrl,
      writeKey: this.#writeKey,
      users: USERS,
      first,
      events,
      connections: CONNECTIONS,
      eventsPerSecond,
    });
    const readings = [await readUsage(run.pids)];
    for (let slice = 1; slice <= slices; slice += 1) {
      await sleep(Math.max(0, load.startedAtMs + slice * sliceSeconds * 1_000 - monotonicMs()));
      readings.push(await readUsage(run.pids));
    }
    const sentAtMs = await load.sentAtMs;
    const delivered = await untilDelivered(run, this.#next, { lost: this.#lost });
    this.#lost = delivered.lost;
    const acknowledgedAtMs = await run.times(first, events);
    return Array.from({ length: slices }, (_, slice) => {
      const [before, after] = readings.slice(slice, slice + 2) as [UsageReading, UsageReading];
      const start = slice * eventsPerSlice;
      return toSample({
        events: eventsPerSlice,
        seconds: sliceSeconds,
        latenciesMs: acknowledgedAtMs.slice(start, start + eventsPerSlice).flatMap((atMs, place) => {
          return atMs === null ? [] : [atMs - (sentAtMs[start + place] ?? Number.NaN)];
        }),
        delivery: delivered,
        processes: usageBetween(before, after, eventsPerSlice),
        coresOfOthers: coresOfOthers(before, after),
      });
    });
  }
}
