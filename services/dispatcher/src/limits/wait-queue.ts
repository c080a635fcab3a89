import { ItemLine, TakenItems, type QueuedItem } from './item-line.ts';

/**
 * A connector's queue: live items, and those of a replay, which are served when no live item can be. Within each class
 * first the items that are tried again, then the new ones, each in the order of arrival.
 */
export class WaitQueue<Item extends QueuedItem> {
  readonly #live = new ItemLine<Item>();
  readonly #replayed = new ItemLine<Item>();

  /** Items that wait. */
  get size(): number {
    return this.#live.size + this.#replayed.size;
  }

  get liveSize(): number {
    return this.#live.size;
  }

  get replayedSize(): number {
    return this.#replayed.size;
  }

  add(item: Item, nowMs: number): void {
    this.#lineOf(item).add(item, nowMs);
  }

  addRetried(item: Item, nowMs: number): void {
    this.#lineOf(item).addRetried(item, nowMs);
  }

  /** An item in the queue waits no longer. */
  cancelled(item: Item): void {
    this.#lineOf(item).cancelled();
  }

  /** Since when the first live item waits; `nowMs` if none does. */
  liveSinceMs(nowMs: number): number {
    return this.#live.firstSinceMs(nowMs);
  }

  /** Likewise of a replay. */
  replayedSinceMs(nowMs: number): number {
    return this.#replayed.firstSinceMs(nowMs);
  }

  /**
   * The first live items that may share a call: one at least, unless none waits. `isFilledUp`: with those of replays,
   * as far as there is room.
   */
  takeLive(maxItems: number, maxBytes: number, isFilledUp: boolean): readonly Item[] {
    const taken = new TakenItems<Item>(maxItems, maxBytes);
    this.#live.take(taken);
    if (isFilledUp) this.#replayed.take(taken);
    return taken.items;
  }

  /** The first items of replays that may share a call. */
  takeReplayed(maxItems: number, maxBytes: number): readonly Item[] {
    const taken = new TakenItems<Item>(maxItems, maxBytes);
    this.#replayed.take(taken);
    return taken.items;
  }

  #lineOf({ isReplayed }: Item): ItemLine<Item> {
    return isReplayed ? this.#replayed : this.#live;
  }
}
