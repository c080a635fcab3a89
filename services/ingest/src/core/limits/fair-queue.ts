/**
 * Items that wait, those of the sender first who has been served least. A sender who comes after a pause begins where
 * the others are now, so it neither waits behind the backlog of another nor makes up for what it did not ask for.
 * (Start-time fair queueing: Goyal, Vin and Cheng, 1996.)
 */
export class FairQueue<Item> {
  readonly #lines = new Map<string, { served: number; readonly items: Item[] }>();
  /** What the sender had been served who was taken from last. */
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
   * The next item and its sender, or undefined where none waits. In the order of `push` within a sender, and between
   * senders that are equal.
   */
  shift(): { readonly sender: string; readonly item: Item } | undefined {
    let first: { readonly sender: string; readonly line: { served: number; readonly items: Item[] } } | undefined;
    for (const [sender, line] of this.#lines) {
      if (line.items.length === 0) {
        // One who has had less than others by now would begin where they are in any case.
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

  /** What serving an item of the sender has taken, in whichever unit all are counted. */
  charge(sender: string, cost: number): void {
    const line = this.#lineOf(sender);
    // One that did not have to wait moves the present on too, or a newcomer would begin in the past and go before it
    // for as long.
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
