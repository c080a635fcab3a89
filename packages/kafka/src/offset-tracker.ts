/**
 * Which offset of a partition may be committed while its records finish in any order: everything before the first record that has
 * not finished. Only offsets that were really received are tracked, so gaps left by compaction and transaction markers
 * behave like finished records.
 */

/** A record under way. Opaque to callers. */
export interface TrackedOffset {
  readonly offset: bigint;
  done: boolean;
}

const COMPACT_AFTER = 1_024;

export class OffsetTracker {
  #pending: TrackedOffset[] = [];
  /** Index of the first record not yet finished; what is before it is dropped now and then. */
  #head = 0;
  #position: bigint;

  /** `position`: the first offset that will be tracked, as a rule the committed offset. */
  constructor(position: bigint) {
    this.#position = position;
  }

  /** The next offset expected from the partition: what is below it has been seen already. */
  get position(): bigint {
    return this.#position;
  }

  /** Records received and not yet behind the committable offset. */
  get pendingCount(): number {
    return this.#pending.length - this.#head;
  }

  /** Every record below this offset has finished. */
  get committableOffset(): bigint {
    return this.#pending[this.#head]?.offset ?? this.#position;
  }

  /** Starts tracking a record. Offsets must rise; throws on one that was seen before. */
  track(offset: bigint): TrackedOffset {
    if (offset < this.#position) throw new Error(`offset ${offset} was tracked before: position is ${this.#position}`);
    const tracked = { offset, done: false };
    this.#pending.push(tracked);
    this.#position = offset + 1n;
    return tracked;
  }

  /** Moves past offsets that hold no record for us (control records, compacted ones) up to, not including, `nextOffset`. */
  advanceTo(nextOffset: bigint): void {
    if (nextOffset > this.#position) this.#position = nextOffset;
  }

  /** Finishes a record; returns whether the committable offset moved. */
  complete(tracked: TrackedOffset): boolean {
    tracked.done = true;
    const before = this.#head;
    while (this.#head < this.#pending.length && this.#pending[this.#head]?.done === true) this.#head += 1;
    if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#pending.length) {
      this.#pending = this.#pending.slice(this.#head);
      this.#head = 0;
      return true;
    }
    return this.#head > before;
  }
}
