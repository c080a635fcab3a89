import {
  isOver,
  openPartitions,
  phaseOf,
  totalsOf,
  type ReplayFollower,
  type ReplayOrder,
  type ReplaySnapshot,
  type ReplayView,
} from '@astrolabe/replay';
import { lostCommands } from '../core/replay/lost-commands.ts';
import type { LostRecords } from './sources/cursor-source.ts';

/** The replays that are not over, as they are at the moment. One for the process: to find them costs a look at all. */
export class ActiveReplays {
  readonly #follower: Pick<ReplayFollower, 'current'>;
  #snapshot: ReplaySnapshot | undefined;
  #active: readonly ReplayView[] = [];

  constructor(follower: Pick<ReplayFollower, 'current'>) {
    this.#follower = follower;
  }

  /** Also those that are over: one that is may be cancelled no more, and its commands are as they were. */
  orderOf(replayId: string): ReplayOrder | undefined {
    return this.#follower.current().replays.get(replayId)?.order;
  }

  all(): readonly ReplayView[] {
    const snapshot = this.#follower.current();
    if (snapshot !== this.#snapshot) {
      this.#snapshot = snapshot;
      this.#active = [...snapshot.replays.values()].filter((view) => !isOver(phaseOf(view)));
    }
    return this.#active;
  }

  ofCommands(): readonly ReplayView[] {
    return this.all().filter(({ order }) => order.request.source === 'commands');
  }

  hasEvents(): boolean {
    return this.all().some(({ order }) => order.request.source === 'events');
  }

  /** Whether the mapper makes no more commands, as far as is known: it has read all, or is to read no more. */
  areEventsRead(): boolean {
    return this.all().every((view) => {
      const { request, wanted } = view.order;
      return request.source !== 'events' || wanted !== 'run' || openPartitions(view).length === 0;
    });
  }

  /** Of commands of replayed events. */
  lostOf(offsets: number): readonly LostRecords[] {
    const pending = this.all().map((view) => ({
      replayId: view.order.id,
      commands: totalsOf(view).commandsPending,
    }));
    return lostCommands(offsets, pending);
  }
}
