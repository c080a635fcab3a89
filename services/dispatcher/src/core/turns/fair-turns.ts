/**
 * Whose turn it is: the connectors that have work, one piece of each after the other, so that a connector that has
 * little of it waits for little. Pure state.
 */

/** An answer makes room for a call; a start needs that room. */
export type WorkKind = 'answer' | 'start';

export interface Turn<Item> {
  readonly connectorId: string;
  readonly item: Item;
}

export class FairTurns<Item> {
  /** Those with work, the next one first. */
  readonly #lines = new Map<string, Line<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(connectorId: string): boolean {
    return this.#lines.has(connectorId);
  }

  /** Behind what the connector has of that kind; a connector that has nothing gets the last turn of a round. */
  add(connectorId: string, kind: WorkKind, item: Item): void {
    let line = this.#lines.get(connectorId);
    if (line === undefined) {
      line = { answer: new Fifo<Item>(), start: new Fifo<Item>() };
      this.#lines.set(connectorId, line);
    }
    line[kind].add(item);
    this.#size += 1;
  }

  /** Of the connector whose turn it is, the first answer, else the first start; undefined where nothing is left. */
  take(): Turn<Item> | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const [connectorId, line] = first;
    const item = line.answer.size > 0 ? line.answer.take() : line.start.take();
    this.#lines.delete(connectorId);
    if (line.answer.size + line.start.size > 0) this.#lines.set(connectorId, line);
    this.#size -= 1;
    return { connectorId, item };
  }
}

type Line<Item> = Readonly<Record<WorkKind, Fifo<Item>>>;

/** What was taken is dropped in batches, so that thousands that wait stay linear. */
const DROP_AFTER = 256;

class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  /** Index of the first item that was not taken. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  take(): Item {
    const item = this.#items[this.#head];
    if (item === undefined) throw new Error('a piece of work is taken where none waits');
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= DROP_AFTER && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
