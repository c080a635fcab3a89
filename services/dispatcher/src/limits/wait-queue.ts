/** What waits at a gate. */
export interface GateItem {
  /** Whether it still waits: what was withdrawn is skipped when its turn comes. */
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

/** The line before a gate: first those that come again, then the new ones, each in the order of arrival. */
export class GateLine<Item extends GateItem> {
  #again: Entry<Item>[] = [];
  #new: Entry<Item>[] = [];
  #head = 0;
  #size = 0;

  /** Items that wait. */
  get size(): number {
    return this.#size;
  }

  add(item: Item, again: boolean, nowMs: number): void {
    (again ? this.#again : this.#new).push({ item, sinceMs: nowMs });
    this.#size += 1;
  }

  /** An item in the line does not wait any more. What is withdrawn is dropped when it is the greater part: it may hold memory. */
  withdraw(): void {
    this.#size -= 1;
    if (this.#again.length + this.#new.length - this.#head < 2 * this.#size + DROP_AFTER) return;
    this.#again = this.#again.filter(({ item }) => item.isWaiting);
    this.#new = this.#new.slice(this.#head).filter(({ item }) => item.isWaiting);
    this.#head = 0;
  }

  /** Since when the first one waits; `nowMs` where nobody does. */
  firstSinceMs(nowMs: number): number {
    return this.#first()?.sinceMs ?? nowMs;
  }

  /** The first ones, one at least, as far as they share a call. */
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
      const entry = this.#again[0] ?? this.#new[this.#head];
      if (entry === undefined || entry.item.isWaiting) return entry;
      this.#drop();
    }
  }

  #drop(): void {
    if (this.#again.length > 0) {
      this.#again.shift();
      return;
    }
    this.#head += 1;
    if (this.#head < DROP_AFTER || this.#head * 2 < this.#new.length) return;
    this.#new = this.#new.slice(this.#head);
    this.#head = 0;
  }
}
