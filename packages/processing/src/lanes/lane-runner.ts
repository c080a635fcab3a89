/**
 * Runs the records of a partition in the lanes of their keys, from their start to their end: its own, and those that
 * are replayed, which a live record of the key does not wait for unless their effect is under way. What their ends mean
 * for positions is the business of those who add them.
 */
import { IdleWaiters } from './idle-waiters.ts';
import { KeyLanes, type Lane } from './key-lanes.ts';
import type { LaneProcessorOptions } from './lane-handler.ts';
import type { LaneTask } from './lane-task.ts';

export type LaneRunnerOptions<State> = Pick<LaneProcessorOptions<State>, 'session' | 'laneOf' | 'handler'>;

export class LaneRunner<State> {
  readonly #options: LaneRunnerOptions<State>;
  readonly #lanes: KeyLanes<LaneTask<State>>;
  /** Started and neither finished nor given up. */
  #unfinished = 0;
  #quiet = false;
  readonly #waiters: IdleWaiters;

  /** `isReading`: whether more will be added without a call from outside. */
  constructor(options: LaneRunnerOptions<State>, isReading: () => boolean) {
    this.#options = options;
    const { session, handler } = options;
    this.#lanes = new KeyLanes((task) => {
      // The signal aborts before `stop` is called: what follows an abandoned record in its lane must not start in
      // between.
      if (session.signal.aborted) {
        task.isEvicted = true;
        return;
      }
      this.#unfinished += 1;
      handler.start(task);
    });
    this.#waiters = new IdleWaiters(() => {
      if (this.#unfinished > 0) return false;
      return this.#quiet || (this.#lanes.waitingCount === 0 && !isReading());
    });
  }

  get isQuiet(): boolean {
    return this.#quiet;
  }

  get laneCount(): number {
    return this.#lanes.laneCount;
  }

  add(task: LaneTask<State>): void {
    const lane = this.#lanes.add(this.#options.laneOf(task.record), task);
    task.lane = lane;
    const replayed = this.#lanes.replayedUnderWay(lane);
    if (replayed !== undefined) this.#putBack(replayed, lane);
    this.#lanes.run(lane);
  }

  /**
   * The effect of a task that was under way is to be tried again later. Once the consumer closes that is left to the
   * next owner, and a replayed task lets the live ones of its key go first.
   */
  waits(task: LaneTask<State>): void {
    const { lane } = task;
    if (this.#quiet) return this.#leave(task);
    if (task.replay === undefined || lane === undefined || !this.#lanes.hasLive(lane)) return;
    if (this.#lanes.replayedUnderWay(lane) === task && this.#putBack(task, lane)) this.#lanes.run(lane);
  }

  /** A record that is replayed. */
  addReplayed(task: LaneTask<State>): void {
    const lane = this.#lanes.addReplayed(this.#options.laneOf(task.record), task);
    task.lane = lane;
    this.#lanes.run(lane);
  }

  released({ lane }: LaneTask<State>): void {
    if (lane !== undefined) this.#lanes.next(lane);
    this.#waiters.wake();
  }

  /** To be called when a task has finished. */
  ended(): void {
    this.#unfinished -= 1;
    this.#waiters.wake();
  }

  failed({ lane }: LaneTask<State>, fault: unknown): void {
    this.#unfinished -= 1;
    if (lane !== undefined) this.#lanes.block(lane);
    this.#options.session.fail(fault);
    this.#waiters.wake();
  }

  /**
   * Forgets a task of the partition itself, which is read again later. What follows it in its lane is newer still, and
   * forgotten too: nothing of it starts before it comes again.
   */
  evict(task: LaneTask<State>): void {
    const { lane } = task;
    if (lane === undefined || task.isReleased) return;
    if (!this.#lanes.isUnderWay(lane, task)) {
      this.#lanes.remove(lane, ({ isEvicted }) => isEvicted);
    } else if (this.#withdraw(task)) {
      task.isReleased = true;
      this.#lanes.remove(lane, ({ replay }) => replay === undefined);
      this.#lanes.next(lane);
    }
    // Else its effect is under way: it keeps its lane until that ends, and what is read again comes behind it.
  }

  /** Gives up, for good, a replayed task whose effect is not under way; false where it is. */
  drop(task: LaneTask<State>): boolean {
    const { lane } = task;
    if (lane === undefined || task.isReleased) return false;
    if (!this.#lanes.isUnderWay(lane, task)) {
      task.isEvicted = true;
      this.#lanes.remove(lane, (other) => other === task);
      return true;
    }
    if (!this.#withdraw(task)) return false;
    task.isEvicted = true;
    task.isReleased = true;
    this.#lanes.next(lane);
    return true;
  }

  /** Starts nothing more, and gives up what only waits. */
  quiesce(): void {
    if (this.#quiet) return;
    this.#quiet = true;
    this.#lanes.close();
    for (const task of this.#lanes.underWay()) this.#leave(task);
    this.#waiters.wake();
  }

  /** Gives up what is under way. */
  stop(): void {
    this.quiesce();
    for (const task of this.#lanes.underWay()) {
      if (!task.isEvicted) this.#options.handler.abort(task);
    }
    this.#unfinished = 0;
    this.#waiters.wake();
  }

  /** Resolves when nothing runs or will run. */
  idle(): Promise<void> {
    return this.#waiters.wait();
  }

  /** To be called when reading ends that `isReading` told of. */
  rests(): void {
    this.#waiters.wake();
  }

  #leave(task: LaneTask<State>): void {
    if (task.isEvicted || !this.#withdraw(task)) return;
    task.isEvicted = true;
    this.#waiters.wake();
  }

  #putBack(task: LaneTask<State>, lane: Lane<LaneTask<State>>): boolean {
    if (task.isReleased || !this.#withdraw(task)) return false;
    task.state = undefined;
    this.#lanes.putBack(lane);
    return true;
  }

  #withdraw(task: LaneTask<State>): boolean {
    if (!this.#options.handler.withdraw(task)) return false;
    this.#unfinished -= 1;
    return true;
  }
}
