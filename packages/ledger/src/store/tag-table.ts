/**
 * Which frames may hold a command: an open-addressing table from 32-bit tag to locator, eight bytes a slot. It answers
 * "certainly not" or "perhaps there"; a "perhaps" is settled by reading the whole id from the frame.
 *
 * The home of a tag is proportional to it (`tag * capacity / 2^32`), so a table of any size can be rebuilt from its
 * slots alone, in the order of memory, without the ids.
 */
import { IndexMemory } from './index-memory.ts';

const INITIAL_CAPACITY = 1_024;
/** At three quarters a miss reads eight slots on average: a cache line, or two. */
const MAX_LOAD = 0.75;
const TAGS = 2 ** 32;
const EMPTY = 0;

export class TagTable {
  readonly #memory: IndexMemory;
  #capacity: number;
  #slots: Uint32Array;
  #size = 0;

  /** `expected` entries find their place without growth. Throws the memory's fault, like `add` and `compact`. */
  constructor(expected = 0, memory = new IndexMemory()) {
    this.#memory = memory;
    this.#capacity = Math.max(INITIAL_CAPACITY, Math.ceil(expected / MAX_LOAD) + 1);
    this.#slots = memory.allocate(2 * this.#capacity);
  }

  /** Pairs of tag and locator; an id that was added twice with one locator counts once. */
  get size(): number {
    return this.#size;
  }

  get memoryBytes(): number {
    return this.#slots.byteLength;
  }

  /** `locator` is above zero and below 2^32. */
  add(tag: number, locator: number): void {
    if (this.#size + 1 > this.#capacity * MAX_LOAD) this.#resize(this.#capacity * 2);
    this.#insert(tag, locator);
  }

  /** Reads where the tag would stand, and tells nothing: the memory is on its way when `first` needs it. */
  touch(tag: number): number {
    return this.#slots[2 * this.#homeOf(tag)] ?? 0;
  }

  /** Slot of the first candidate for a tag; -1 when there is none. */
  first(tag: number): number {
    return this.#seek(tag, this.#homeOf(tag));
  }

  /** Slot of the next candidate behind `slot`, which was one; -1 when there is none. */
  next(tag: number, slot: number): number {
    return this.#seek(tag, slot + 1 === this.#capacity ? 0 : slot + 1);
  }

  locatorAt(slot: number): number {
    return this.#slots[2 * slot + 1] ?? EMPTY;
  }

  /** Gives back what growth has reserved. For a table that takes no more entries. */
  compact(): void {
    this.#resize(Math.ceil(this.#size / MAX_LOAD) + 1);
  }

  /** Gives back its memory; the table is not used any more. */
  release(): void {
    this.#memory.giveBack(this.#slots);
    this.#slots = new Uint32Array(0);
  }

  #homeOf(tag: number): number {
    return Math.floor((tag * this.#capacity) / TAGS);
  }

  #seek(tag: number, from: number): number {
    const slots = this.#slots;
    const capacity = this.#capacity;
    // Always ends: the load leaves free slots.
    for (let slot = from; ; slot = slot + 1 === capacity ? 0 : slot + 1) {
      if ((slots[2 * slot + 1] ?? EMPTY) === EMPTY) return -1;
      if (slots[2 * slot] === tag) return slot;
    }
  }

  #insert(tag: number, locator: number): void {
    const slots = this.#slots;
    const capacity = this.#capacity;
    let slot = this.#homeOf(tag);
    for (;;) {
      const taken = slots[2 * slot + 1] ?? EMPTY;
      if (taken === EMPTY) break;
      if (taken === locator && slots[2 * slot] === tag) return;
      slot = slot + 1 === capacity ? 0 : slot + 1;
    }
    slots[2 * slot] = tag;
    slots[2 * slot + 1] = locator;
    this.#size += 1;
  }

  #resize(capacity: number): void {
    const old = this.#slots;
    // Both are held for a while.
    this.#slots = this.#memory.allocate(2 * capacity);
    this.#capacity = capacity;
    this.#size = 0;
    for (let at = 0; at < old.length; at += 2) {
      const locator = old[at + 1] ?? EMPTY;
      if (locator !== EMPTY) this.#insert(old[at] ?? 0, locator);
    }
    this.#memory.giveBack(old);
  }
}
