/** One measurement of the bench of replays. */
import { toSample, type PipelineSample } from '../pipeline/pipeline-sample.ts';
import { coresOfOthers, usageBetween, type UsageReading } from '../pipeline/process-meter.ts';

/**
 * Rate and CPU for each event are those of a replay, or of the first time; NaN where there is none. Latency is that of
 * live events.
 */
export interface ReplaySample extends PipelineSample {
  readonly livePerSecond: number;
  /** As the replay tells it, summed over partitions. */
  readonly gaveWayMs: number;
}

export interface UsageSpan {
  readonly before: UsageReading;
  readonly after: UsageReading;
}

export interface ReplayMeasured {
  /** That were replayed, or went the first time. NaN: live events only. */
  readonly events: number;
  readonly seconds: number;
  /** Of each live event. */
  readonly latenciesMs?: readonly number[];
  readonly gaveWayMs?: number;
}

/** The bench has failed before where anything was lost, repeated or out of order. */
const AS_IT_MUST = { lost: 0, repeated: 0, overtaken: 0 };

export function replaySample({ before, after }: UsageSpan, measured: ReplayMeasured): ReplaySample {
  const { events, seconds, latenciesMs = [], gaveWayMs = 0 } = measured;
  return {
    ...toSample({
      events,
      seconds,
      latenciesMs,
      delivery: AS_IT_MUST,
      processes: usageBetween(before, after, events),
      coresOfOthers: coresOfOthers(before, after),
    }),
    livePerSecond: latenciesMs.length / seconds,
    gaveWayMs,
  };
}
