/** State of one partition as a transform sees it: values decoded, in memory, with what changed since the last unit of work. */
import type { OutgoingRecord } from './record.ts';
import { isPositionKey } from './state-position.ts';

/** How values of the state are written. `decode` throws on bytes that no version of `encode` made. */
export interface StateCodec<V> {
  encode(value: V): Buffer;
  decode(bytes: Buffer): V;
}

/** What a transform may do with the state. A value that was given to `set` or got from `get` must not be changed in place. */
export interface StateView<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

export class PartitionState<V> implements StateView<V> {
  readonly #codec: StateCodec<V>;
  readonly #values = new Map<string, V>();
  readonly #changed = new Set<string>();

  constructor(codec: StateCodec<V>) {
    this.#codec = codec;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (isPositionKey(key)) throw new Error(`the key ${key} is reserved for the position`);
    this.#values.set(key, value);
    this.#changed.add(key);
  }

  delete(key: string): void {
    // A key that is not there needs no record that says so.
    if (this.#values.delete(key)) this.#changed.add(key);
  }

  /** Takes a record of the state topic: a change that is stored already. */
  restore(key: string, value: Buffer | null): void {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, this.#codec.decode(value));
  }

  /** A record for each key that changed since the last call: its value, or null where it was deleted. */
  takeChanges(partition: number): OutgoingRecord[] {
    const records: OutgoingRecord[] = [];
    for (const key of this.#changed) {
      const value = this.#values.get(key);
      records.push({
        key: Buffer.from(key),
        value: value === undefined ? null : this.#codec.encode(value),
        headers: {},
        partition,
      });
    }
    this.#changed.clear();
    return records;
  }
}
