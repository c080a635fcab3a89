/** What the mapper shows of replays. Apart from live events: no live count or age includes them. */
import type { MapperCounts } from '@astrolabe/replay';
import type { ReplayedPart } from '@astrolabe/processing';
import type { Counter, Metrics } from '@astrolabe/service-kit';
import type { HandledBatch } from './map-batch.ts';

/** `docs/metrics.md` describes them. */
export interface ReplayMetrics {
  /** Every record of a range ends in exactly one of these. */
  readonly events: Counter<'outcome'>;
  readonly commands: Counter;
  readonly gaveWaySeconds: Counter;
}

const outcomes: Readonly<Record<keyof MapperCounts, string>> = {
  mapped: 'mapped',
  skipped: 'skipped',
  deadLettered: 'dead-lettered',
  filteredOut: 'filtered-out',
  replayedBefore: 'replayed-before',
  unreadable: 'unreadable',
  expired: 'expired',
};

/** `offsetsLeft`: by partition, at each scrape. */
export function createReplayMetrics(metrics: Metrics, offsetsLeft: () => ReadonlyMap<number, number>): ReplayMetrics {
  metrics.gauge({
    name: 'replay_lag_records',
    help: 'Records of replays, paused ones included, that are still to be read.',
    labelNames: ['partition'],
    collect: (gauge) => {
      gauge.reset();
      for (const [partition, left] of offsetsLeft()) gauge.set({ partition: String(partition) }, left);
    },
  });
  return {
    events: metrics.counter({
      name: 'replay_events_total',
      help: 'Events read by replays, by outcome: mapped, skipped, dead-lettered, filtered-out, replayed-before (a copy that an earlier version appended), unreadable, expired (gone from the topic; alert).',
      labelNames: ['outcome'],
      zeros: Object.values(outcomes).map((outcome) => ({ outcome })),
    }),
    commands: metrics.counter({
      name: 'replay_commands_total',
      help: 'Commands of replayed events, stored by the brokers.',
    }),
    gaveWaySeconds: metrics.counter({
      name: 'replay_gave_way_seconds_total',
      help: 'Time in which replays could have worked, and live events had the turn.',
    }),
  };
}

export type ReplayedBatches = Pick<ReplayedPart<HandledBatch>, 'counts' | 'commands' | 'gaveWayMs' | 'results'>;

export function countReplayed(parts: readonly Omit<ReplayedBatches, 'results'>[], metrics: ReplayMetrics): void {
  for (const { counts, commands, gaveWayMs } of parts) {
    for (const [name, count] of Object.entries(counts) as [keyof MapperCounts, number][]) {
      metrics.events.inc({ outcome: outcomes[name] }, count);
    }
    metrics.commands.inc(commands);
    metrics.gaveWaySeconds.inc(gaveWayMs / 1_000);
  }
}
