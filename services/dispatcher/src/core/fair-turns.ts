/**
 * What is done next of many connectors' work: one piece of each in turn, so that what a connector has little of waits
 * for little. Pure state.
 */
export class FairTurns<Item> {
  /** Those with work, the next one first. */
  readonly #queues = new Map<string, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Behind what the connector has already; a connector that has nothing gets the last turn of a round. */
  add(connectorId: string, item: Item): void {
    const queue = this.#queues.get(connectorId);
    if (queue === undefined) this.#queues.set(connectorId, [item]);
    else queue.push(item);
    this.#size += 1;
  }

  /** The first piece of the connector whose turn it is; undefined where nothing is left. */
  take(): Item | undefined {
    const [first] = this.#queues;
    if (first === undefined) return undefined;
    const [connectorId, queue] = first;
    const item = queue.shift();
    this.#queues.delete(connectorId);
    if (queue.length > 0) this.#queues.set(connectorId, queue);
    this.#size -= 1;
    return item;
  }
}
