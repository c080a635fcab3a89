/** Live traffic at an even rate, of which each event's way is measured from ingest's HTTP to the API. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../event-load/monotonic.ts';
import { untilDelivered, type PipelineRun } from './pipeline-run.ts';
import { toSample, type PipelineSample } from './pipeline-sample.ts';
import { coresOfOthers, readUsage, usageBetween, type UsageReading } from './process-meter.ts';
import { startEventLoad } from '../event-load/run-event-load.ts';

/** So few that the events of one user follow each other closely: order is at stake. */
export const LIVE_USERS = 200;
const CONNECTIONS = 64;

export class LiveSender {
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
      users: LIVE_USERS,
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
