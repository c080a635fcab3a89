/**
 * Which offset of a partition may be committed while its records finish in any order: everything before the first
 * record that is not past. Only offsets that were really received are tracked, so gaps left by compaction and
 * transaction markers behave like finished records.
 */

const COMPACT_AFTER = 1_024;

export class OffsetTracker<Entry extends { readonly offset: bigint }> {
  readonly #isPast: (entry: Entry) => boolean;
  #entries: Entry[] = [];
  /** Index of the first entry not yet past; what is before it is dropped now and then. */
  #head = 0;
  /** Calls of `settle` since the last compaction that found the first entry not past: about so many others are. */
  #pastBehindFirst = 0;
  #position: bigint;

  /**
   * `position`: the first offset that will be tracked, as a rule the committed offset. `isPast`: whether an entry holds
   * the committable offset back no more; once true it stays true. After a change `settle` is to be called.
   */
  constructor(position: bigint, isPast: (entry: Entry) => boolean) {
    this.#position = position;
    this.#isPast = isPast;
  }

  /** The next offset expected from the partition: what is below it has been seen already. */
  get position(): bigint {
    return this.#position;
  }

  /** Records received and not yet behind the committable offset; what is past may be among them. */
  get pendingCount(): number {
    return this.#entries.length - this.#head;
  }

  /** The entry that holds the committable offset back. */
  get first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  /** Every record below this offset is past. */
  get committableOffset(): bigint {
    return this.#entries[this.#head]?.offset ?? this.#position;
  }

  /** Starts tracking a record. Offsets must rise; throws on one that was seen before. */
  track(entry: Entry): void {
    const { offset } = entry;
    if (offset < this.#position) throw new Error(`offset ${offset} was tracked before: position is ${this.#position}`);
    this.#entries.push(entry);
    this.#position = offset + 1n;
  }

  /**
   * Moves past offsets that hold no record for us (control records, compacted ones) up to, not including, `nextOffset`.
   */
  advanceTo(nextOffset: bigint): void {
    if (nextOffset > this.#position) this.#position = nextOffset;
  }

  /** Takes note of an entry that is past by now; returns whether the committable offset moved. */
  settle(): boolean {
    const before = this.#head;
    const { length } = this.#entries;
    for (let entry = this.first; entry !== undefined && this.#isPast(entry); entry = this.first) this.#head += 1;
    if (this.#head === before) {
      this.#dropPast();
      return false;
    }
    if (this.#head === length) {
      this.#entries.length = 0;
      this.#head = 0;
    } else if (this.#head > COMPACT_AFTER && this.#head * 2 > length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return true;
  }

  /** A record that holds the offset back for hours must not keep in memory all that is done behind it. */
  #dropPast(): void {
    this.#pastBehindFirst += 1;
    if (this.#pastBehindFirst < COMPACT_AFTER || this.#pastBehindFirst * 2 < this.pendingCount) return;
    this.#entries = this.#entries.filter((entry, index) => index >= this.#head && !this.#isPast(entry));
    this.#head = 0;
    this.#pastBehindFirst = 0;
  }

  /** What was received and is not behind the committable offset, by offset; what is past may be among it. */
  pending(): readonly Entry[] {
    return this.#entries.slice(this.#head);
  }

  /**
   * Forgets all but the first `count` of `pending` and returns them: they are to be received again, from the new
   * position on.
   */
  evictAfter(count: number): readonly Entry[] {
    const forgotten = this.#entries.splice(this.#head + count);
    const [first] = forgotten;
    if (first !== undefined) this.#position = first.offset;
    return forgotten;
  }
}
