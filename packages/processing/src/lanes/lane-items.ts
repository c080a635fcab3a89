/** Finished items are dropped from the array in batches, so that a hot key's thousands stay linear. */
const DROP_AFTER = 256;

/** Items of one key in the order in which they came; the first may be under way. */
export class LaneItems<Item> {
  #items: (Item | undefined)[];
  /** Index of the first item. */
  #head = 0;

  constructor(first: Item) {
    this.#items = [first];
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  dropFirst(): void {
    // A key that never rests would keep what is done in memory until it is dropped.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head < DROP_AFTER) return;
    this.#items.splice(0, this.#head);
    this.#head = 0;
  }

  /** Removes the items for which `isGone` holds, behind the first `kept`; returns how many. */
  remove(kept: number, isGone: (item: Item) => boolean): number {
    const from = this.#head + kept;
    const { length } = this.#items;
    this.#items = this.#items.filter((item, index) => index < from || (item !== undefined && !isGone(item)));
    return length - this.#items.length;
  }
}
