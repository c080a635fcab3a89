/**
 * State of one partition as a transform sees it: in memory, packed, with what changed since the last batch. Entries
 * belong to scopes (connectors, say), so that one scope can be counted and bounded without the others.
 */
import type { OutgoingRecord } from '@astrolabe/records';
import { clockRecord, isReservedKey } from './state-clock.ts';
import { SCOPE_BYTES, StateMemory, entryBytes } from './state-memory.ts';

/** `id` is one-byte text, as short as can be: it is held for every entry. */
export interface StateKey {
  readonly scope: string;
  readonly id: string;
}

export interface DecodedStateKey {
  readonly key: StateKey;
  /** The record has a form of key that is no longer written. It is replaced when the state is next restored. */
  readonly isOutdated: boolean;
}

/** How the state is written, and how it is held. `decode` and `decodeKey` throw on what no version has written. */
export interface StateCodec<V> {
  /** Value of a record. */
  encode(value: V): Buffer;
  decode(bytes: Buffer): V;
  /** Key of a record. */
  encodeKey(key: StateKey): string;
  decodeKey(text: string): DecodedStateKey;
  /** One-byte text for memory: a thousand objects of a few members take ten times the space. */
  pack(value: V): string;
  unpack(text: string): V;
  /** Whether the entry may be given up where its scope has too many. */
  isExpendable(value: V): boolean;
}

/**
 * What a transform may do with the state. A value that was given to `set` or got from `get` must not be changed in
 * place.
 */
export interface StateView<V> {
  get(key: StateKey): V | undefined;
  /** The entry becomes the most recently changed one of its scope. */
  set(key: StateKey, value: V): void;
  delete(key: StateKey): void;
  /** Entries of the scope. */
  sizeOf(scope: string): number;
  /** Whether memory is left for one more entry of the scope, as `StateMemory` divides it. */
  hasRoom(scope: string): boolean;
  /** The expendable entry of the scope whose last change is the longest ago, before a restart or after it. */
  oldestExpendable(scope: string): StateKey | undefined;
  /**
   * Looks at up to `count` entries, on from where the last call stopped; a call ends at the last one. `judge` says what
   * is to be remembered in place of the value: the value itself where nothing changes, undefined where it is no longer
   * needed.
   */
  review(count: number, judge: (scope: string, value: V) => V | undefined): void;
  /**
   * The highest time that `advanceClock` was given, epoch milliseconds; 0 before the first. Stored with every batch.
   * Undefined after a restore of what a version without clocks has stored.
   */
  readonly clockMs: number | undefined;
  advanceClock(ms: number): void;
}

interface Scope {
  readonly kept: Map<string, string>;
  /** In the order of their last change, here and on the changelog topic. */
  readonly expendable: Map<string, string>;
  bytes: number;
}

export class PartitionState<V> implements StateView<V> {
  readonly #codec: StateCodec<V>;
  readonly #memory: StateMemory;
  readonly #scopes = new Map<string, Scope>();
  /** By key of the record, in the order of the last change. */
  readonly #changed = new Map<string, StateKey>();
  /** Entries whose only record has an outdated key. */
  readonly #outdated = new Map<string, Set<string>>();
  #cursor: Iterator<StateKey, undefined> | undefined;
  #clockMs: number | undefined = 0;
  #isClockChanged = false;

  /** `memory` is shared by the partitions of a process. Default: without a bound. */
  constructor(codec: StateCodec<V>, memory = new StateMemory()) {
    this.#codec = codec;
    this.#memory = memory;
  }

  get size(): number {
    return [...this.#scopes.keys()].reduce((size, scope) => size + this.sizeOf(scope), 0);
  }

  scopeSizes(): Map<string, number> {
    return new Map([...this.#scopes.keys()].map((scope) => [scope, this.sizeOf(scope)]));
  }

  get clockMs(): number | undefined {
    return this.#clockMs;
  }

  get hasOutdatedKeys(): boolean {
    return this.#outdated.size > 0;
  }

  sizeOf(scope: string): number {
    const found = this.#scopes.get(scope);
    return found === undefined ? 0 : found.kept.size + found.expendable.size;
  }

  hasRoom(scope: string): boolean {
    return this.#memory.hasRoom(scope);
  }

  /** Gives back the memory of a state that is not used any more. */
  release(): void {
    for (const [scope, found] of this.#scopes) this.#count(scope, found, -found.bytes);
    this.#scopes.clear();
  }

  get(key: StateKey): V | undefined {
    const text = this.#textOf(key);
    return text === undefined ? undefined : this.#codec.unpack(text);
  }

  set(key: StateKey, value: V): void {
    this.#put(key, value);
    this.#noteChange(key);
  }

  delete(key: StateKey): void {
    // A key that is not there needs no record that says so.
    if (this.#remove(key)) this.#noteChange(key);
  }

  oldestExpendable(scope: string): StateKey | undefined {
    for (const id of this.#scopes.get(scope)?.expendable.keys() ?? []) return { scope, id };
    return undefined;
  }

  review(count: number, judge: (scope: string, value: V) => V | undefined): void {
    this.#cursor ??= this.#allKeys();
    for (let looked = 0; looked < count; looked += 1) {
      const found = this.#cursor.next();
      if (found.done === true) {
        this.#cursor = undefined;
        return;
      }
      const key = found.value;
      const value = this.get(key);
      if (value === undefined) continue;
      const next = judge(key.scope, value);
      if (next === undefined) this.delete(key);
      else if (next !== value) this.set(key, next);
    }
  }

  advanceClock(ms: number): void {
    if (this.#clockMs !== undefined && ms <= this.#clockMs) return;
    this.#clockMs = ms;
    this.#isClockChanged = true;
  }

  /** Takes a record of the changelog topic: a change that is stored already. */
  restore(text: string, value: Buffer | null): void {
    const { key, isOutdated } = this.#codec.decodeKey(text);
    if (value !== null) {
      this.#put(key, this.#codec.decode(value));
      this.#noteOutdated(key, isOutdated);
    } else if (!isOutdated || this.#isOutdated(key)) {
      // The end of an outdated key is not that of an entry which has its own record by now.
      this.#remove(key);
      this.#noteOutdated(key, false);
    }
  }

  /** The clock as it was stored; undefined where a version without clocks stored what was read. */
  restoreClock(clockMs: number | undefined): void {
    this.#clockMs = clockMs;
  }

  /**
   * For a record with an outdated key: what replaces it, once for each entry. The end of the old key comes first, so
   * that a reader of the topic never ends with nothing.
   */
  takeReplacements(text: string, partition: number): OutgoingRecord[] {
    const { key, isOutdated } = this.#codec.decodeKey(text);
    if (!isOutdated || !this.#isOutdated(key)) return [];
    this.#noteOutdated(key, false);
    return [{ key: Buffer.from(text), value: null, headers: {}, partition }, this.#recordOf(key, partition)];
  }

  /**
   * A record for each key that changed since the last call: its value, or null where it was deleted. Throws where the
   * memory does not allow what is held now.
   */
  takeChanges(partition: number): OutgoingRecord[] {
    this.#memory.assertFits();
    const records = [...this.#changed.values()].map((key) => this.#recordOf(key, partition));
    this.#changed.clear();
    return records;
  }

  /** The clock's record, where it has advanced since the last call. By itself it is no reason for a batch. */
  takeClock(partition: number): OutgoingRecord[] {
    if (!this.#isClockChanged || this.#clockMs === undefined) return [];
    this.#isClockChanged = false;
    return [clockRecord(this.#clockMs, partition)];
  }

  #recordOf(key: StateKey, partition: number): OutgoingRecord {
    const text = this.#textOf(key);
    const value = text === undefined ? null : this.#codec.encode(this.#codec.unpack(text));
    return { key: Buffer.from(this.#codec.encodeKey(key)), value, headers: {}, partition };
  }

  #textOf({ scope, id }: StateKey): string | undefined {
    const found = this.#scopes.get(scope);
    return found === undefined ? undefined : (found.kept.get(id) ?? found.expendable.get(id));
  }

  #put({ scope, id }: StateKey, value: V): void {
    let found = this.#scopes.get(scope);
    if (found === undefined) {
      found = { kept: new Map(), expendable: new Map(), bytes: 0 };
      this.#scopes.set(scope, found);
      this.#count(scope, found, SCOPE_BYTES);
    }
    const { kept, expendable } = found;
    const [own, other] = this.#codec.isExpendable(value) ? [expendable, kept] : [kept, expendable];
    const before = kept.get(id) ?? expendable.get(id);
    const packed = compactCopy(this.#codec.pack(value));
    this.#count(scope, found, entryBytes(packed.length) - (before === undefined ? 0 : entryBytes(before.length)));
    other.delete(id);
    own.delete(id);
    own.set(compactCopy(id), packed);
  }

  #remove({ scope, id }: StateKey): boolean {
    const found = this.#scopes.get(scope);
    const before = found?.kept.get(id) ?? found?.expendable.get(id);
    if (found === undefined || before === undefined) return false;
    this.#count(scope, found, -entryBytes(before.length));
    found.kept.delete(id);
    found.expendable.delete(id);
    if (found.kept.size + found.expendable.size === 0) {
      this.#count(scope, found, -found.bytes);
      this.#scopes.delete(scope);
    }
    return true;
  }

  #count(scope: string, found: Scope, bytes: number): void {
    found.bytes += bytes;
    this.#memory.add(scope, bytes);
  }

  #noteChange(key: StateKey): void {
    const text = this.#codec.encodeKey(key);
    if (isReservedKey(text)) throw new Error(`the key ${text} is reserved`);
    this.#changed.delete(text);
    this.#changed.set(text, key);
  }

  #isOutdated({ scope, id }: StateKey): boolean {
    return this.#outdated.get(scope)?.has(id) === true;
  }

  #noteOutdated({ scope, id }: StateKey, isOutdated: boolean): void {
    const ids = this.#outdated.get(scope);
    if (isOutdated) {
      if (ids === undefined) this.#outdated.set(scope, new Set([id]));
      else ids.add(id);
    } else if (ids?.delete(id) === true && ids.size === 0) {
      this.#outdated.delete(scope);
    }
  }

  *#allKeys(): Generator<StateKey, undefined> {
    for (const [scope, { kept, expendable }] of this.#scopes) {
      for (const id of kept.keys()) yield { scope, id };
      for (const id of expendable.keys()) yield { scope, id };
    }
    return undefined;
  }
}

/** Text that was cut out of another keeps the whole of that in memory. */
function compactCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
