/**
 * The dead letters of a pipeline by cause and connector, and where each is. It takes what comes, what expires and what
 * is decided, in whatever order partitions and decisions are read. Bounded: of millions it holds the newest, and says
 * how many older ones it leaves out. Pure.
 */
import type { DeadLetterRole, DecisionState } from '@astrolabe/operations';
import { DecidedOffsets, type Decision } from './decided-offsets.ts';
import { Groups, type Group, type GroupName } from './groups.ts';
import { PartitionIndex, type IndexedDeadLetter } from './partition-index.ts';

export interface DeadLetterPlace {
  readonly role: DeadLetterRole;
  readonly partition: number;
}

export interface NewDeadLetter extends DeadLetterPlace {
  readonly offset: number;
  readonly code: string;
  readonly connector: string;
  readonly message: string;
  readonly atMs: number;
}

/** Each part that is given has to match. */
export interface IndexFilter {
  readonly role?: DeadLetterRole | undefined;
  readonly code?: string | undefined;
  readonly connector?: string | undefined;
  readonly fromMs?: number | undefined;
  /** Not itself. */
  readonly toMs?: number | undefined;
  readonly state?: DecisionState | undefined;
}

export interface FoundDeadLetter extends DeadLetterPlace {
  readonly offset: number;
  readonly atMs: number;
  readonly code: string;
  readonly connector: string;
  readonly state: DecisionState;
}

/** Of each partition, the offset below which a page goes on: `<role>:<partition>`. */
export type PageBounds = ReadonlyMap<string, number>;

interface Partition extends DeadLetterPlace {
  readonly index: PartitionIndex;
  readonly decided: DecidedOffsets;
}

export class DeadLetterIndex {
  readonly #maxRecords: number;
  readonly #groups = new Groups();
  readonly #partitions = new Map<string, Partition>();
  #size = 0;
  #leftOut = 0;

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords;
  }

  get size(): number {
    return this.#size;
  }

  /** Older ones that are on the topics and not counted here. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** In the order of their offsets within a partition. */
  add({ role, partition, offset, code, connector, message, atMs }: NewDeadLetter): void {
    const own = this.#partitionOf({ role, partition });
    const state = own.decided.stateOf(offset);
    const group = this.#groups.add({ role, code, connector }, atMs, state, { message, partition, offset });
    own.index.add({ offset, group, atMs });
    this.#size += 1;
    if (this.#size > this.#maxRecords) this.#dropOldest();
  }

  /** Also of one that has not been read yet, or is not kept any more. */
  decide(place: DeadLetterPlace, offset: number, decision: Decision): void {
    const own = this.#partitionOf(place);
    if (!own.decided.decide(offset, decision)) return;
    const found = own.index.find(offset);
    if (found !== undefined) this.#groups.move(found.group, 'waiting', decision);
  }

  /** What is below has expired. */
  dropBelow(place: DeadLetterPlace, offset: number): void {
    const own = this.#partitionOf(place);
    own.index.dropBelow(offset, (dropped) => this.#removed(own, dropped));
    own.decided.dropBelow(offset);
  }

  stateOf(place: DeadLetterPlace, offset: number): DecisionState {
    return this.#partitionOf(place).decided.stateOf(offset);
  }

  /** Those with the most waiting first. */
  groups(filter: IndexFilter = {}): readonly Group[] {
    this.#restoreFirst();
    const isTimed = filter.fromMs !== undefined || filter.toMs !== undefined;
    const found = isTimed ? this.#countGroups(filter) : this.#groups.all().filter((each) => matchesName(each, filter));
    return found.toSorted((a, b) => b.counts.waiting - a.counts.waiting || b.lastAtMs - a.lastAtMs);
  }

  /** Newest first, as far as the order of each partition allows; at most `limit`, and where the next page begins. */
  page(
    filter: IndexFilter,
    after: PageBounds | undefined,
    limit: number,
  ): { readonly found: readonly FoundDeadLetter[]; readonly next: PageBounds | undefined } {
    const wanted = this.#groups.numbersOf((name) => matchesName(name, filter));
    const readers = [...this.#partitions.values()].map((own) => this.#reader(own, filter, wanted, after));
    const found: FoundDeadLetter[] = [];
    while (found.length < limit) {
      const newest = readers
        .filter(({ head }) => head !== undefined)
        .reduce<PageReader | undefined>((best, each) => (isNewer(each, best) ? each : best), undefined);
      if (newest?.head === undefined) return { found, next: undefined };
      found.push(this.#describe(newest.own, newest.head));
      newest.step();
    }
    const isMore = readers.some(({ head }) => head !== undefined);
    const next = new Map(readers.map(({ own, bound }) => [keyOf(own), bound()]));
    return { found, next: isMore ? next : undefined };
  }

  #reader(
    own: Partition,
    { fromMs, toMs, state }: IndexFilter,
    wanted: ReadonlySet<number>,
    after: PageBounds | undefined,
  ): PageReader {
    // What comes later is not part of the pages that follow, and a partition that the first did not know had nothing.
    const below = after === undefined ? own.index.endOffset : (after.get(keyOf(own)) ?? 0);
    const all = own.index.backwards(below);
    const next = (): IndexedDeadLetter | undefined => {
      for (let step = all.next(); step.done !== true; step = all.next()) {
        const each = step.value;
        if (!wanted.has(each.group)) continue;
        if ((fromMs !== undefined && each.atMs < fromMs) || (toMs !== undefined && each.atMs >= toMs)) continue;
        if (state === undefined || own.decided.stateOf(each.offset) === state) return each;
      }
      return undefined;
    };
    let bound = below;
    const reader: PageReader = {
      own,
      head: next(),
      bound: () => bound,
      step: () => {
        bound = reader.head?.offset ?? bound;
        reader.head = next();
      },
    };
    return reader;
  }

  #describe({ role, partition, decided }: Partition, { offset, group, atMs }: IndexedDeadLetter): FoundDeadLetter {
    const { code, connector } = this.#groups.at(group);
    return { role, partition, offset, atMs, code, connector, state: decided.stateOf(offset) };
  }

  #countGroups(filter: IndexFilter): readonly Group[] {
    const { fromMs = -Infinity, toMs = Infinity } = filter;
    const wanted = this.#groups.numbersOf((name) => matchesName(name, filter));
    const counted = new Groups();
    for (const { role, partition, index, decided } of this.#partitions.values()) {
      index.forEach((offset, group, atMs) => {
        if (atMs < fromMs || atMs >= toMs || !wanted.has(group)) return;
        const { code, connector, sample } = this.#groups.at(group);
        const isSample = sample.partition === partition && sample.offset === offset;
        const message = isSample ? sample.message : '';
        counted.add({ role, code, connector }, atMs, decided.stateOf(offset), { message, partition, offset });
      });
    }
    return counted.all();
  }

  #restoreFirst(): void {
    if (!this.#groups.isAnyFirstGone) return;
    const first = new Map<number, number>();
    for (const { index } of this.#partitions.values()) {
      index.forEach((_offset, group, atMs) => {
        if (atMs < (first.get(group) ?? Infinity)) first.set(group, atMs);
      });
    }
    this.#groups.restoreFirst(first);
  }

  #dropOldest(): void {
    const oldest = [...this.#partitions.values()].reduce((a, b) =>
      (a.index.oldestAtMs ?? Infinity) <= (b.index.oldestAtMs ?? Infinity) ? a : b,
    );
    this.#leftOut += oldest.index.dropOldestChunk((dropped) => this.#removed(oldest, dropped));
  }

  #removed({ decided }: Partition, { offset, group, atMs }: IndexedDeadLetter): void {
    this.#groups.remove(group, decided.stateOf(offset), atMs);
    this.#size -= 1;
  }

  #partitionOf({ role, partition }: DeadLetterPlace): Partition {
    const key = keyOf({ role, partition });
    let own = this.#partitions.get(key);
    if (own === undefined) {
      own = { role, partition, index: new PartitionIndex(), decided: new DecidedOffsets() };
      this.#partitions.set(key, own);
    }
    return own;
  }
}

interface PageReader {
  readonly own: Partition;
  /** The next of the partition that matches. */
  head: IndexedDeadLetter | undefined;
  /** Below it the next page goes on. */
  readonly bound: () => number;
  readonly step: () => void;
}

function isNewer(one: PageReader, other: PageReader | undefined): boolean {
  return other?.head === undefined || (one.head?.atMs ?? -Infinity) > other.head.atMs;
}

function matchesName(name: GroupName, { role, code, connector }: IndexFilter): boolean {
  return (
    (role === undefined || name.role === role) &&
    (code === undefined || name.code === code) &&
    (connector === undefined || name.connector === connector)
  );
}

function keyOf({ role, partition }: DeadLetterPlace): string {
  return `${role}:${partition}`;
}
