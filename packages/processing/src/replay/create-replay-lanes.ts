/** The replays of all partitions of a process. */
import type { ReplayLane, ReplayLaneOptions, ReplayLanes } from '../state/replay-lane.ts';
import { PagePermits } from './page-permits.ts';
import { PartitionReplays } from './partition-replays.ts';
import type { ReplayOptions } from './replay-options.ts';
import { ReplayTurns, type ReplayTurnsOptions } from './replay-turns.ts';

/** Of a mebibyte or so each. */
const PAGES_OF_PROCESS = 16;

export interface ReplayLanesOptions<V, R> extends ReplayOptions<V, R>, Pick<ReplayTurnsOptions, 'boundAfter'> {
  /** In memory, or on their way there. Default 16. */
  readonly pages?: number;
}

export interface ProcessReplays<V> extends ReplayLanes<V> {
  /** By partition, offsets that are still to be replayed, those of paused replays included. */
  offsetsLeft(): ReadonlyMap<number, number>;
}

export function createReplayLanes<V, R>(options: ReplayLanesOptions<V, R>): ProcessReplays<V> {
  const turns = new ReplayTurns(options);
  const permits = new PagePermits(options.pages ?? PAGES_OF_PROCESS);
  const lanes = new Map<number, PartitionReplays<V, R>>();
  return {
    liveCame: () => turns.liveCame(),
    offsetsLeft: () => new Map([...lanes].map(([partition, lane]) => [partition, lane.offsetsLeft])),
    open: (lane: ReplayLaneOptions): ReplayLane<V> => {
      const { partition } = lane.session;
      const opened = new PartitionReplays({ ...options, ...lane, turns, permits });
      lanes.set(partition, opened);
      const forget = (): void => {
        if (lanes.get(partition) === opened) lanes.delete(partition);
      };
      lane.session.signal.addEventListener('abort', forget, { once: true });
      return opened;
    },
  };
}
