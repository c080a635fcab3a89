/** What waits in a connector's queue. */
export interface QueuedItem {
  /** Whether it still waits: what was cancelled is skipped when its turn comes. */
  readonly isWaiting: boolean;
  /** Bytes that it adds to a bulk call. */
  readonly sizeBytes: number;
  /** Must have a call of its own. */
  readonly isSingle: boolean;
  /** It is of a replay: live items go first. */
  readonly isReplayed: boolean;
}

interface Entry<Item> {
  readonly item: Item;
  readonly sinceMs: number;
}

const DROP_AFTER = 512;

/** Items that share a call. */
export class TakenItems<Item extends QueuedItem> {
  readonly items: Item[] = [];
  readonly #maxItems: number;
  readonly #maxBytes: number;
  #bytes = 0;
  #isClosed = false;

  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  /** False where the item does not fit. */
  add(item: Item): boolean {
    if (this.#isClosed || this.items.length >= this.#maxItems) return false;
    if (this.#maxItems > 1) this.#bytes += item.sizeBytes;
    if (this.items.length > 0 && (item.isSingle || this.#bytes > this.#maxBytes)) {
      this.#isClosed = true;
      return false;
    }
    this.items.push(item);
    this.#isClosed = item.isSingle;
    return true;
  }
}

/** Items of one class: first those that are tried again, then the new ones, each in the order of arrival. */
export class ItemLine<Item extends QueuedItem> {
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
   * An item waits no longer. Cancelled items hold memory, so they are dropped once they are the greater part.
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

  /** Moves the first items to those that share a call, as many as fit. */
  take(taken: TakenItems<Item>): void {
    for (let entry = this.#first(); entry !== undefined && taken.add(entry.item); entry = this.#first()) {
      this.#drop();
      this.#size -= 1;
    }
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
