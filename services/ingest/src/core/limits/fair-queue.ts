/**
 * A queue that serves the sender who was served least. A sender who returns after a pause starts level with the others,
 * so it neither waits behind another's backlog nor is credited for its pause. (Start-time fair queueing: Goyal, Vin and
 * Cheng, 1996.)
 */
export class FairQueue<Item> {
  readonly #lines = new Map<string, { served: number; readonly items: Item[] }>();
  /** The amount that had been served to the sender of the last item. */
  #now = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(sender: string, item: Item): void {
    this.#lineOf(sender).items.push(item);
    this.#size += 1;
  }

  /**
   * The next item and its sender, or undefined if none waits. Items of a sender, and of equal senders, come in the
   * order of `push`.
   */
  shift(): { readonly sender: string; readonly item: Item } | undefined {
    let first: { readonly sender: string; readonly line: { served: number; readonly items: Item[] } } | undefined;
    for (const [sender, line] of this.#lines) {
      if (line.items.length === 0) {
        // A sender who was served less than the others would start level with them anyway.
        if (line.served <= this.#now) this.#lines.delete(sender);
        continue;
      }
      if (first === undefined || line.served < first.line.served) first = { sender, line };
    }
    const item = first?.line.items.shift();
    if (first === undefined || item === undefined) return undefined;
    this.#now = Math.max(this.#now, first.line.served);
    this.#size -= 1;
    return { sender: first.sender, item };
  }

  /** Records what serving an item of the sender cost, in the same unit for all. */
  charge(sender: string, cost: number): void {
    const line = this.#lineOf(sender);
    // An item that did not wait advances the level too; otherwise a newcomer would start lower and go first for as
    // long.
    if (this.#size === 0) this.#now = Math.max(this.#now, line.served);
    line.served += cost;
  }

  #lineOf(sender: string) {
    let line = this.#lines.get(sender);
    if (line === undefined) {
      line = { served: this.#now, items: [] };
      this.#lines.set(sender, line);
    } else if (line.items.length === 0) {
      line.served = Math.max(line.served, this.#now);
    }
    return line;
  }
}
