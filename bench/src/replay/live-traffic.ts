/** Live events at an even pace until they are stopped, with how long each took from its request to the API's answer. */
import type { PipelineRun } from '../pipeline/pipeline-run.ts';
import { startEventLoad, type RunningLoad } from '../event-load/run-event-load.ts';

export interface LiveTarget {
  readonly writeKey: string;
  readonly users: number;
  /** The first number that no event has had yet. */
  readonly first: number;
  /** 0: none come. */
  readonly eventsPerSecond: number;
  readonly eventsPerRequest: number;
}

/** A part of the live events. */
export interface LiveWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

const CONNECTIONS = 64;
/** More than anybody measures. */
const MOST_SECONDS = 900;

export class LiveTraffic {
  readonly #run: PipelineRun;
  readonly #target: LiveTarget;
  readonly #load: RunningLoad | undefined;
  readonly #untilDelivered: (sent: number) => Promise<void>;

  private constructor(
    run: PipelineRun,
    target: LiveTarget,
    load: RunningLoad | undefined,
    untilDelivered: (sent: number) => Promise<void>,
  ) {
    this.#run = run;
    this.#target = target;
    this.#load = load;
    this.#untilDelivered = untilDelivered;
  }

  static async start(
    run: PipelineRun,
    target: LiveTarget,
    untilDelivered: (sent: number) => Promise<void>,
  ): Promise<LiveTraffic> {
    const { eventsPerSecond } = target;
    const paced = { ...target, kind: 'paced', url: run.ingestUrl, connections: CONNECTIONS } as const;
    const load =
      eventsPerSecond === 0 ? undefined : await startEventLoad({ ...paced, events: eventsPerSecond * MOST_SECONDS });
    return new LiveTraffic(run, target, load, untilDelivered);
  }

  /** Rejects as soon as a request is not answered 200. */
  get failed(): Promise<never> {
    const failed = Promise.withResolvers<never>();
    this.#load?.sentAtMs.catch(failed.reject);
    return failed.promise;
  }

  /** Resolves when all events have come, with the latencies of those that were sent in the window. */
  async stop({ fromMs, toMs }: LiveWindow): Promise<readonly number[]> {
    if (this.#load === undefined) {
      await this.#untilDelivered(0);
      return [];
    }
    this.#load.stop();
    const sentAtMs = await this.#load.sentAtMs;
    await this.#untilDelivered(sentAtMs.length);
    const from = sentAtMs.findIndex((atMs) => atMs >= fromMs);
    const count = sentAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
    const acknowledged = await this.#run.times(this.#target.first + from, count);
    return acknowledged.map((atMs, place) => (atMs ?? Number.NaN) - (sentAtMs[from + place] ?? Number.NaN));
  }
}
