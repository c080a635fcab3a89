/**
 * Order for each key, concurrency across keys. A lane holds the tasks of one key and runs them one after the other; lanes
 * run side by side. The number of lanes and tasks is bounded by whoever adds (`lane-processor.ts` pauses its partition).
 */

export type LaneTask = () => Promise<void>;

interface Lane {
  readonly tasks: LaneTask[];
  /** A task rejected: what follows it must not overtake it. */
  faulty: boolean;
}

/** Finished tasks are dropped from a lane's array in batches, so that a hot key's lane of thousands stays linear. */
const DROP_AFTER = 256;

export class KeyLanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #onFault: (fault: unknown) => void;
  #waiting = 0;
  #running = 0;
  #closed = false;

  /** `onFault`: a task rejected. Its lane stands still from then on, with all that follows. */
  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Tasks that run or will run: those that stand behind a fault, or waited when the lanes were closed, do not count. */
  get size(): number {
    return this.#waiting + this.#running;
  }

  /** Lanes with at least one task. */
  get laneCount(): number {
    return this.#lanes.size;
  }

  add(key: string, task: LaneTask): void {
    if (this.#closed) return;
    const lane = this.#lanes.get(key);
    if (lane?.faulty === true) return;
    this.#waiting += 1;
    if (lane !== undefined) {
      lane.tasks.push(task);
      return;
    }
    const created = { tasks: [task], faulty: false };
    this.#lanes.set(key, created);
    void this.#run(key, created);
  }

  /** Starts no further task. Those under way go on; their owners abort them. */
  close(): void {
    this.#closed = true;
    this.#waiting = 0;
  }

  async #run(key: string, lane: Lane): Promise<void> {
    const { tasks } = lane;
    let next = 0;
    while (!this.#closed) {
      const task = tasks[next];
      if (task === undefined) break;
      next += 1;
      this.#waiting -= 1;
      this.#running += 1;
      try {
        await task();
      } catch (fault) {
        lane.faulty = true;
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- closed while the task ran
        if (!this.#closed) this.#waiting -= tasks.length - next;
        tasks.length = 0;
        this.#onFault(fault);
        return;
      } finally {
        this.#running -= 1;
      }
      if (next >= DROP_AFTER) {
        tasks.splice(0, next);
        next = 0;
      }
    }
    this.#lanes.delete(key);
  }
}
