/** Replays with nothing else to do, beside the way that the same events went the first time. */
import { replaySample, type ReplaySample } from './replay-sample.ts';
import type { ReplayedPipeline, WantedReplay } from './replayed-pipeline.ts';

export const idleReplays: Readonly<Record<string, WantedReplay>> = {
  'idle-events-known': { source: 'events', isForced: false },
  'idle-events-forced': { source: 'events', isForced: true },
  'idle-commands-known': { source: 'commands', isForced: false },
};

export async function measureIdle(pipeline: ReplayedPipeline, wanted: WantedReplay): Promise<ReplaySample> {
  const { result, ...usage } = await pipeline.observe(() => pipeline.replay(wanted));
  await pipeline.verify();
  const { fromMs, toMs, ended, gaveWayMs } = result;
  return replaySample(usage, { events: ended, seconds: (toMs - fromMs) / 1_000, gaveWayMs });
}
