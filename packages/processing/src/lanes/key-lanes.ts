/**
 * Order for each key, concurrency across keys. A lane holds the items of one key and runs them one after the other;
 * lanes run concurrently. An item costs no promise and no closure, because this is the hot path. The caller bounds the
 * number of lanes and items (`lane-processor.ts` pauses its partition).
 */

/** The items of one key. Opaque to callers. */
export interface Lane<Item> {
  readonly key: string;
  items: (Item | undefined)[];
  /** Index of the item under way, or of the next one. */
  head: number;
  /** An item is under way, as far as the lane knows. */
  busy: boolean;
  /** An item is being started right now: that it ends within the call must not start the next one inside it. */
  starting: boolean;
  /** Its item under way failed for good: nothing may overtake it. */
  blocked: boolean;
}

/** Finished items are dropped from a lane's array in batches, so that a hot key's lane of thousands stays linear. */
const DROP_AFTER = 256;

export class KeyLanes<Item> {
  readonly #lanes = new Map<string, Lane<Item>>();
  readonly #start: (item: Item) => void;
  #waiting = 0;
  #closed = false;

  /**
   * `start` is called with an item when it is the first of its lane; `next` says that the lane may go on. It must not
   * throw.
   */
  constructor(start: (item: Item) => void) {
    this.#start = start;
  }

  /** Items that have not been started. */
  get waitingCount(): number {
    return this.#waiting;
  }

  /** Lanes with at least one item. */
  get laneCount(): number {
    return this.#lanes.size;
  }

  /** Adds an item behind those of its key; starts it at once where there are none. */
  add(key: string, item: Item): Lane<Item> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, items: [item], head: 0, busy: false, starting: false, blocked: false };
      this.#lanes.set(key, lane);
    } else if (lane.blocked) {
      return lane;
    } else {
      lane.items.push(item);
    }
    this.#waiting += 1;
    return lane;
  }

  /** Starts the next item of a lane that has none under way. To be called after `add`. */
  run(lane: Lane<Item>): void {
    if (lane.busy || lane.starting) return;
    lane.starting = true;
    try {
      while (!lane.busy && !this.#closed) {
        if (lane.head >= lane.items.length) {
          this.#lanes.delete(lane.key);
          return;
        }
        lane.busy = true;
        this.#waiting -= 1;
        this.#start(lane.items[lane.head] as Item);
      }
    } finally {
      lane.starting = false;
    }
  }

  /** The item under way ends for the lane: the next one starts. */
  next(lane: Lane<Item>): void {
    lane.busy = false;
    // A key that never rests would keep what is done in memory until it is dropped.
    lane.items[lane.head] = undefined;
    lane.head += 1;
    if (lane.head >= DROP_AFTER) {
      lane.items.splice(0, lane.head);
      lane.head = 0;
    }
    this.run(lane);
  }

  /** Removes the items for which `isGone` holds from those that have not been started. */
  remove(lane: Lane<Item>, isGone: (item: Item) => boolean): void {
    const waitingFrom = lane.head + (lane.busy ? 1 : 0);
    const kept = lane.items.filter((item, index) => index < waitingFrom || (item !== undefined && !isGone(item)));
    this.#waiting -= lane.items.length - kept.length;
    lane.items = kept;
  }

  /** Nothing of the lane starts any more, and nothing of it counts as waiting. */
  block(lane: Lane<Item>): void {
    lane.blocked = true;
    this.remove(lane, () => true);
  }

  /** Items that were started and have not ended for their lane. */
  underWay(): readonly Item[] {
    const items: Item[] = [];
    for (const { busy, blocked, items: own, head } of this.#lanes.values()) {
      if (busy && !blocked) items.push(own[head] as Item);
    }
    return items;
  }

  /** Starts nothing more. */
  close(): void {
    this.#closed = true;
    this.#waiting = 0;
  }
}
