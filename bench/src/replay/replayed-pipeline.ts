/** A pipeline whose events are replayed: what was sent, what of it is replayed, and how many calls the API must see. */
import type { KafkaAdmin } from '@astrolabe/kafka';
import type { BenchLab } from '../bench-lab.ts';
import { startPipeline, untilDelivered, type PipelineRun } from '../pipeline/pipeline-run.ts';
import { readUsage } from '../pipeline/process-meter.ts';
import { startEventLoad } from '../event-load/run-event-load.ts';
import { endedOf, type Ending } from './expected-report.ts';
import { LiveTraffic, type LiveWindow } from './live-traffic.ts';
import type { ReplayPlan } from './plan.ts';
import { replaySample, type ReplaySample, type UsageSpan } from './replay-sample.ts';
import { RunReplays } from './run-replays.ts';

/** Offsets of the first events, as a replay takes them. */
interface Ranges {
  readonly events: string;
  readonly commands: string;
}

export interface WantedReplay {
  readonly source: 'events' | 'commands';
  readonly isForced: boolean;
}

/** What a replay came to. */
export interface ReplayFigures extends LiveWindow {
  /** Records that have ended. */
  readonly ended: number;
  readonly gaveWayMs: number;
}

const CONNECTIONS = 16;
const EVENTS_PER_REQUEST = 100;

export class ReplayedPipeline implements AsyncDisposable {
  readonly #plan: ReplayPlan;
  readonly #writeKey: string;
  readonly #run: PipelineRun;
  readonly #replays: RunReplays;
  readonly #owned: AsyncDisposableStack;
  /** Number of the next event. */
  #next = 0;
  /** Number of the first event that is replayed. */
  #firstReplayed = 0;
  #ranges: Ranges | undefined;
  /** How many events each forced replay has delivered again: all of them, unless it was cancelled. */
  readonly #again: number[] = [];

  private constructor(
    plan: ReplayPlan,
    writeKey: string,
    run: PipelineRun,
    replays: RunReplays,
    owned: AsyncDisposableStack,
  ) {
    this.#plan = plan;
    this.#writeKey = writeKey;
    this.#run = run;
    this.#replays = replays;
    this.#owned = owned;
  }

  static async start(lab: BenchLab, plan: ReplayPlan, writeKey: string): Promise<ReplayedPipeline> {
    await using cleanup = new AsyncDisposableStack();
    const run = cleanup.use(await startPipeline(lab, { side: 'ours', isBulk: true, users: plan.users }));
    const replays = cleanup.use(new RunReplays(lab, run.topics));
    return new ReplayedPipeline(plan, writeKey, run, replays, cleanup.move());
  }

  /** The way of the events that are replayed later, the first time; a warm-up goes before them. */
  async firstTime(): Promise<ReplaySample> {
    const { events, warmUpEvents } = this.#plan;
    await this.#send(warmUpEvents);
    const before = await this.#ends();
    this.#firstReplayed = this.#next;
    const { result, ...usage } = await this.observe(() => this.#send(events));
    const after = await this.#ends();
    this.#ranges = {
      events: rangesBetween(before.events, after.events),
      commands: rangesBetween(before.commands, after.commands),
    };
    return replaySample(usage, { events, seconds: (result.lastAtMs - result.startedAtMs) / 1_000 });
  }

  async observe<Result>(work: () => Promise<Result>): Promise<UsageSpan & { readonly result: Result }> {
    const { pids } = this.#run;
    const before = await readUsage(pids);
    const result = await work();
    return { result, before, after: await readUsage(pids) };
  }

  /** All of what went the first time. Rejects unless it ends as it must. One that takes longer is cancelled. */
  async replay({ source, isForced }: WantedReplay, mostMs?: number): Promise<ReplayFigures> {
    const offsets = this.#ranges?.[source];
    if (offsets === undefined) throw new Error('there is nothing to replay yet');
    const ending: Ending = isForced ? 'delivered' : 'skippedByLedger';
    const request = { source, offsets, ...(isForced && { force: true }) };
    const { startedAtMs, endedAtMs, replay } = await this.#replays.replay(request, mostMs);
    const { report, gaveWayMs } = replay;
    const ended = endedOf(report, ending, this.#plan.events);
    if (isForced) this.#again.push(ended);
    return { fromMs: startedAtMs, toMs: endedAtMs, ended, gaveWayMs };
  }

  /** Comes until it is stopped. Nothing else may be sent meanwhile. */
  async goLive(eventsPerSecond: number, eventsPerRequest: number): Promise<LiveTraffic> {
    const first = this.#next;
    const { users } = this.#plan;
    const target = { writeKey: this.#writeKey, users, first, eventsPerSecond, eventsPerRequest };
    return LiveTraffic.start(this.#run, target, async (sent) => {
      this.#next = first + sent;
      await this.verify();
    });
  }

  /** Rejects unless the API has seen each event once, and once more for each forced replay, in the order of users. */
  async verify(): Promise<void> {
    const { events } = this.#plan;
    const again = this.#again.reduce((sum, ended) => sum + ended, 0);
    await untilDelivered(this.#run, this.#next, { again });
    const { least, most } = await this.#run.timesCome(this.#firstReplayed, events);
    const wholes = this.#again.filter((ended) => ended === events).length;
    if (least >= 1 + wholes && most <= 1 + this.#again.length) return;
    throw new Error(`after ${wholes} of ${this.#again.length} forced replays events came ${least} to ${most} times`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #send(events: number): Promise<{ readonly startedAtMs: number; readonly lastAtMs: number }> {
    const load = await startEventLoad({
      kind: 'batches',
      url: this.#run.ingestUrl,
      writeKey: this.#writeKey,
      users: this.#plan.users,
      first: this.#next,
      events,
      connections: CONNECTIONS,
      eventsPerRequest: EVENTS_PER_REQUEST,
    });
    await load.sentAtMs;
    this.#next += events;
    const { lastAtMs } = await untilDelivered(this.#run, this.#next);
    return { startedAtMs: load.startedAtMs, lastAtMs };
  }

  async #ends(): Promise<Record<keyof Ranges, Watermarks>> {
    const { admin, topics } = this.#run.topics;
    const [events, commands] = [topics.segmentEvents.name, topics.commands.name];
    return { events: await admin.watermarks(events), commands: await admin.watermarks(commands) };
  }
}

type Watermarks = Awaited<ReturnType<KafkaAdmin['watermarks']>>;

/** What has come to a topic between two looks. */
function rangesBetween(before: Watermarks, after: Watermarks): string {
  return after
    .flatMap(({ partition, highWatermark }) => {
      const first = before.find((each) => each.partition === partition)?.highWatermark ?? 0n;
      return highWatermark > first ? [`${partition}:${first}-${highWatermark - 1n}`] : [];
    })
    .join(',');
}
