/** What waits in a connector's queue. */
export interface QueuedItem {
  /** Whether it still waits: what was cancelled is skipped when its turn comes. */
  readonly isWaiting: boolean;
  /** Bytes that it adds to a bulk call. */
  readonly sizeBytes: number;
  /** Must have a call of its own. */
  readonly isSingle: boolean;
}

interface Entry<Item> {
  readonly item: Item;
  readonly sinceMs: number;
}

const DROP_AFTER = 512;

/** A connector's queue: first the items that are tried again, then the new ones, each in the order of arrival. */
export class WaitQueue<Item extends QueuedItem> {
  #retried: Entry<Item>[] = [];
  #new: Entry<Item>[] = [];
  /** Index of the first new entry that was not taken. */
  #head = 0;
  #size = 0;

  /** Items that wait. */
  get size(): number {
    return this.#size;
  }

  add(item: Item, nowMs: number): void {
    this.#new.push({ item, sinceMs: nowMs });
    this.#size += 1;
  }

  addRetried(item: Item, nowMs: number): void {
    this.#retried.push({ item, sinceMs: nowMs });
    this.#size += 1;
  }

  /**
   * An item in the queue waits no longer. Cancelled items hold memory, so they are dropped once they are the greater
   * part.
   */
  cancelled(): void {
    this.#size -= 1;
    if (this.#retried.length + this.#new.length - this.#head < 2 * this.#size + DROP_AFTER) return;
    this.#retried = this.#retried.filter(({ item }) => item.isWaiting);
    this.#new = this.#new.slice(this.#head).filter(({ item }) => item.isWaiting);
    this.#head = 0;
  }

  /** Since when the first item waits; `nowMs` if none does. */
  firstSinceMs(nowMs: number): number {
    return this.#first()?.sinceMs ?? nowMs;
  }

  /** The first items that may share a call: one at least, unless none waits. */
  take(maxItems: number, maxBytes: number): Item[] {
    const items: Item[] = [];
    let bytes = 0;
    for (let entry = this.#first(); entry !== undefined && items.length < maxItems; entry = this.#first()) {
      const { item } = entry;
      if (maxItems > 1) bytes += item.sizeBytes;
      if (items.length > 0 && (item.isSingle || bytes > maxBytes)) break;
      this.#drop();
      this.#size -= 1;
      items.push(item);
      if (item.isSingle) break;
    }
    return items;
  }

  #first(): Entry<Item> | undefined {
    for (;;) {
      const entry = this.#retried[0] ?? this.#new[this.#head];
      if (entry === undefined || entry.item.isWaiting) return entry;
      this.#drop();
    }
  }

  #drop(): void {
    if (this.#retried.length > 0) {
      this.#retried.shift();
      return;
    }
    this.#head += 1;
    if (this.#head < DROP_AFTER || this.#head * 2 < this.#new.length) return;
    this.#new = this.#new.slice(this.#head);
    this.#head = 0;
  }
}
