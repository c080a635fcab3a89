/** The last items that were read, for tabs that come back after a break of their connection. Pure. */
import type { LiveItem } from './live-item.ts';

export interface Resumed {
  readonly items: readonly LiveItem[];
  /** Items after the one that the tab has, which are not kept any more. */
  readonly missed: number;
}

export class RecentItems {
  readonly #maxItems: number;
  readonly #items: LiveItem[] = [];

  constructor(maxItems: number) {
    this.#maxItems = maxItems;
  }

  /** In the order of their sequence, without gaps. */
  add(item: LiveItem): void {
    this.#items.push(item);
    // Moved in large steps, so that adding costs little.
    if (this.#items.length >= this.#maxItems * 2) this.#items.splice(0, this.#items.length - this.#maxItems);
  }

  after(sequence: number): Resumed {
    const kept = this.#items.slice(-this.#maxItems);
    const [first] = kept;
    if (first === undefined) return { items: [], missed: 0 };
    return {
      items: kept.filter((item) => item.sequence > sequence),
      missed: Math.max(0, first.sequence - sequence - 1),
    };
  }
}
