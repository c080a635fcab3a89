/**
 * Order for each key, concurrency across keys. A lane holds the items of one key and runs them one after the other;
 * lanes run concurrently. Replayed items start when no other of their key waits, and are in order among themselves. An
 * item costs no promise and no closure, because this is the hot path. The caller bounds the number of lanes and items
 * (`lane-processor.ts` pauses its partition, `replay-line.ts` takes no more).
 */
import { LaneItems } from './lane-items.ts';

/** The items of one key. Opaque to callers. */
export interface Lane<Item> {
  readonly key: string;
  live: LaneItems<Item> | undefined;
  /** Undefined for the lanes of most keys: nothing of them was replayed. */
  replayed: LaneItems<Item> | undefined;
  /** Those whose first item is under way, as far as the lane knows. */
  running: LaneItems<Item> | undefined;
  /** An item is being started right now: that it ends within the call must not start the next one inside it. */
  starting: boolean;
  /** Its item under way failed for good: nothing may overtake it. */
  blocked: boolean;
}

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

  /** Adds an item behind the live ones of its key. */
  add(key: string, item: Item): Lane<Item> {
    const lane = this.#laneOf(key);
    if (lane.blocked) return lane;
    if (lane.live === undefined) lane.live = new LaneItems(item);
    else lane.live.add(item);
    this.#waiting += 1;
    return lane;
  }

  /** Adds an item behind all that waits of its key, and behind the live items that are still to come. */
  addReplayed(key: string, item: Item): Lane<Item> {
    const lane = this.#laneOf(key);
    if (lane.blocked) return lane;
    if (lane.replayed === undefined) lane.replayed = new LaneItems(item);
    else lane.replayed.add(item);
    this.#waiting += 1;
    return lane;
  }

  /** Starts the next item of a lane that has none under way. To be called after `add`. */
  run(lane: Lane<Item>): void {
    if (lane.running !== undefined || lane.starting) return;
    lane.starting = true;
    try {
      while (lane.running === undefined && !this.#closed) {
        const next = nextOf(lane);
        if (next === undefined) {
          this.#lanes.delete(lane.key);
          return;
        }
        lane.running = next;
        this.#waiting -= 1;
        this.#start(next.first as Item);
      }
    } finally {
      lane.starting = false;
    }
  }

  /** The item under way ends for the lane: the next one starts. */
  next(lane: Lane<Item>): void {
    lane.running?.dropFirst();
    lane.running = undefined;
    this.run(lane);
  }

  /** The replayed item that is under way; undefined where there is none. */
  replayedUnderWay(lane: Lane<Item>): Item | undefined {
    return lane.replayed !== undefined && lane.running === lane.replayed ? lane.running.first : undefined;
  }

  /** Whether live items have not ended. */
  hasLive({ live }: Lane<Item>): boolean {
    return live !== undefined && live.size > 0;
  }

  /** The replayed item under way was given up without a trace: it starts again when no live one waits. */
  putBack(lane: Lane<Item>): void {
    lane.running = undefined;
    this.#waiting += 1;
  }

  isUnderWay({ running }: Lane<Item>, item: Item): boolean {
    return running !== undefined && running.first === item;
  }

  /** Removes the items for which `isGone` holds from those that have not been started. */
  remove(lane: Lane<Item>, isGone: (item: Item) => boolean): void {
    for (const items of [lane.live, lane.replayed]) {
      if (items !== undefined) this.#waiting -= items.remove(items === lane.running ? 1 : 0, isGone);
    }
  }

  /** Nothing of the lane starts any more, and nothing of it counts as waiting. */
  block(lane: Lane<Item>): void {
    lane.blocked = true;
    this.remove(lane, () => true);
  }

  /** Items that were started and have not ended for their lane. */
  underWay(): readonly Item[] {
    const items: Item[] = [];
    for (const { running, blocked } of this.#lanes.values()) {
      if (running !== undefined && !blocked) items.push(running.first as Item);
    }
    return items;
  }

  /** Starts nothing more. */
  close(): void {
    this.#closed = true;
    this.#waiting = 0;
  }

  #laneOf(key: string): Lane<Item> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, live: undefined, replayed: undefined, running: undefined, starting: false, blocked: false };
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

function nextOf<Item>({ live, replayed }: Lane<Item>): LaneItems<Item> | undefined {
  if (live !== undefined && live.size > 0) return live;
  return replayed !== undefined && replayed.size > 0 ? replayed : undefined;
}
