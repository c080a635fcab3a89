/**
 * Replays on the whole pipeline, with bulk calls: at rest, beside the way of the same events the first time; beside
 * live events, whose latency is compared with that without a replay; and the replay's share as live events get more.
 */
import { present } from '@astrolabe/service-kit/errors';
import { createBenchConnector, openLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import type { Compared, ComparedCase } from '../comparison.ts';
import { measureBesideLive } from './beside-live.ts';
import { idleReplays, measureIdle } from './idle.ts';
import type { ReplayPlan } from './plan.ts';
import type { ReplaySample } from './replay-sample.ts';
import { ReplayedPipeline, type WantedReplay } from './replayed-pipeline.ts';

const KNOWN: WantedReplay = { source: 'events', isForced: false };
const FORCED: WantedReplay = { source: 'events', isForced: true };
/** So that single requests are not what limits thousands of events a second. */
const EVENTS_PER_REQUEST_OF_SHARE = 10;
/** A replay beside live events may take so many times as long as these are measured without. */
const MOST_WINDOWS = 6;

/** Rejects when an event did not reach the API exactly as often as it must, or a replay did other work than it must. */
export async function runReplayBench(options: BenchOptions, plan: ReplayPlan): Promise<ComparedCase<ReplaySample>[]> {
  const connector = createBenchConnector();
  const { apiKey: writeKey } = connector;
  await using lab = await openLab(options, [connector]);
  const cases = new ReplayCases();
  for (let round = 0; round < options.rounds; round += 1) {
    const say = (line: string): void => lab.say(`round ${round + 1} of ${options.rounds}: ${line}`);
    await using pipeline = await ReplayedPipeline.start(lab, plan, writeKey);
    const measured = { pipeline, plan, cases, round, say };
    const first = await pipeline.firstTime();
    say(`the first time: ${rateText(first)}`);
    if (plan.isIdleMeasured) await measureAllIdle(measured, first);
    if (plan.besideLive !== undefined) await measureLiveSides(measured, plan.besideLive);
    if (plan.shares.length > 0) await measureShares(measured);
  }
  return cases.all();
}

interface Round {
  readonly pipeline: ReplayedPipeline;
  readonly plan: ReplayPlan;
  readonly cases: ReplayCases;
  readonly round: number;
  readonly say: (line: string) => void;
}

async function measureAllIdle({ pipeline, cases, round, say }: Round, first: ReplaySample): Promise<void> {
  for (const [name, wanted] of inTurn(Object.entries(idleReplays), round)) {
    const sample = await measureIdle(pipeline, wanted);
    cases.add({ name, compared: 'perSecond', ours: sample, baseline: first });
    say(`${name}: ${rateText(sample)}, ratio ${(sample.perSecond / first.perSecond).toFixed(2)}`);
  }
}

async function measureLiveSides({ pipeline, plan, cases, round, say }: Round, eventsPerSecond: number): Promise<void> {
  const { settleSeconds, seconds } = plan;
  const live = { eventsPerSecond, eventsPerRequest: 1, settleSeconds, seconds, mostSeconds: MOST_WINDOWS * seconds };
  const replays = [undefined, KNOWN, FORCED];
  const samples = new Map<WantedReplay | undefined, ReplaySample>();
  for (const replay of inTurn(replays, round)) {
    const sample = await measureBesideLive(pipeline, { ...live, replay });
    samples.set(replay, sample);
    const beside = replay === undefined ? 'no replay' : replay.isForced ? 'a forced replay' : 'a replay';
    say(`beside ${beside} ${liveText(sample)}`);
  }
  const baseline = present(samples.get(undefined), 'live events without a replay');
  const name = `live-${eventsPerSecond}`;
  cases.add({ name, compared: 'p99Ms', ours: present(samples.get(KNOWN), name), baseline });
  cases.add({ name: `${name}-forced`, compared: 'p99Ms', ours: present(samples.get(FORCED), name), baseline });
}

/** From no live events to many in one round, from many to none in the next. */
async function measureShares({ pipeline, plan, cases, round, say }: Round): Promise<void> {
  const { settleSeconds, seconds, shares } = plan;
  const samples = new Map<number, ReplaySample>();
  for (const eventsPerSecond of inTurn(shares, round)) {
    const sample = await measureBesideLive(pipeline, {
      eventsPerSecond,
      eventsPerRequest: EVENTS_PER_REQUEST_OF_SHARE,
      settleSeconds,
      seconds,
      mostSeconds: seconds,
      replay: KNOWN,
    });
    samples.set(eventsPerSecond, sample);
    say(`a replay's share: ${liveText(sample)}`);
  }
  const of = (rate: number): ReplaySample =>
    present(samples.get(rate), `the share beside ${rate} live events a second`);
  for (const rate of shares) {
    cases.add({ name: `share-${rate}`, compared: 'perSecond', ours: of(rate), baseline: of(shares[0] ?? rate) });
  }
}

/** Forward in one round, backward in the next: what comes later finds a warmer machine and a longer log. */
function inTurn<Item>(items: readonly Item[], round: number): readonly Item[] {
  return round % 2 === 0 ? items : items.toReversed();
}

function rateText({ perSecond, cpuUsPerUnit }: ReplaySample): string {
  return `${Math.round(perSecond)}/s at ${cpuUsPerUnit.toFixed(0)} µs of CPU each`;
}

function liveText({ perSecond, livePerSecond, p50Ms, p99Ms }: ReplaySample): string {
  const replay = Number.isNaN(perSecond) ? '' : `, replay ${Math.round(perSecond)}/s`;
  return `${Math.round(livePerSecond)} live events a second, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms${replay}`;
}

interface MeasuredCase {
  readonly name: string;
  readonly compared: Compared;
  readonly ours: ReplaySample;
  readonly baseline: ReplaySample;
}

/** The samples of all rounds by the name of their case. */
class ReplayCases {
  readonly #cases = new Map<string, { readonly compared: Compared; ours: ReplaySample[]; baseline: ReplaySample[] }>();

  add({ name, compared, ours, baseline }: MeasuredCase): void {
    const known = this.#cases.get(name) ?? { compared, ours: [], baseline: [] };
    known.ours.push(ours);
    known.baseline.push(baseline);
    this.#cases.set(name, known);
  }

  /** In the order of the first round. */
  all(): ComparedCase<ReplaySample>[] {
    return [...this.#cases].map(([name, sides]) => ({ case: name, unit: 'records/s', ...sides }));
  }
}
