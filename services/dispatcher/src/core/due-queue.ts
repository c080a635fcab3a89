/** What is due when: a binary heap, the earliest first. Pure state, no timer. */
export class DueQueue<Item> {
  readonly #heap: { readonly dueMs: number; readonly item: Item }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the earliest is due, on the clock of `add`. */
  get nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  add(item: Item, dueMs: number): void {
    const heap = this.#heap;
    const entry = { dueMs, item };
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.dueMs <= dueMs) break;
      heap[index] = above;
      heap[parent] = entry;
      index = parent;
    }
  }

  /** The earliest, if it is due by `nowMs`. */
  take(nowMs: number): Item | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.dueMs > nowMs) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      this.#sink(last);
    }
    return first.item;
  }

  #sink(entry: { readonly dueMs: number; readonly item: Item }): void {
    const heap = this.#heap;
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = (heap[right]?.dueMs ?? Infinity) < (heap[left]?.dueMs ?? Infinity) ? right : left;
      const below = heap[child];
      if (below === undefined || below.dueMs >= entry.dueMs) return;
      heap[index] = below;
      heap[child] = entry;
      index = child;
    }
  }
}
