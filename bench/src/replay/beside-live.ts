/** Live events at an even rate, with a replay beside them or without. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../event-load/monotonic.ts';
import type { LiveTraffic } from './live-traffic.ts';
import { replaySample, type ReplaySample } from './replay-sample.ts';
import type { ReplayedPipeline, ReplayFigures, WantedReplay } from './replayed-pipeline.ts';

export interface BesideLive {
  readonly eventsPerSecond: number;
  readonly eventsPerRequest: number;
  /** How long live events come before they are measured. */
  readonly settleSeconds: number;
  /** How long live events are measured: without a replay; with one until it is over, or cancelled at `mostSeconds`. */
  readonly seconds: number;
  readonly mostSeconds: number;
  readonly replay: WantedReplay | undefined;
}

export async function measureBesideLive(pipeline: ReplayedPipeline, beside: BesideLive): Promise<ReplaySample> {
  const { eventsPerSecond, eventsPerRequest, settleSeconds } = beside;
  const live = await pipeline.goLive(eventsPerSecond, eventsPerRequest);
  await unlessFailed(live, sleep(settleSeconds * 1_000));
  const { result, ...usage } = await pipeline.observe(() => unlessFailed(live, runWindow(pipeline, beside)));
  const latenciesMs = await live.stop(result);
  const { fromMs, toMs, ended, gaveWayMs } = result;
  return replaySample(usage, { events: ended, seconds: (toMs - fromMs) / 1_000, latenciesMs, gaveWayMs });
}

async function runWindow(
  pipeline: ReplayedPipeline,
  { replay, seconds, mostSeconds }: BesideLive,
): Promise<ReplayFigures> {
  if (replay !== undefined) return pipeline.replay(replay, mostSeconds * 1_000);
  const fromMs = monotonicMs();
  await sleep(seconds * 1_000);
  return { fromMs, toMs: monotonicMs(), ended: Number.NaN, gaveWayMs: 0 };
}

function unlessFailed<Result>(live: LiveTraffic, work: Promise<Result>): Promise<Result> {
  return Promise.race([work, live.failed]);
}
