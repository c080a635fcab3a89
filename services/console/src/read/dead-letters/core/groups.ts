/**
 * Dead letters by what they died of and whose they are: counts that follow what comes, expires and is decided. Pure.
 */
import type { DeadLetterRole, DecisionState } from '@astrolabe/operations';

export interface GroupName {
  readonly role: DeadLetterRole;
  readonly code: string;
  readonly connector: string;
}

export interface Sample {
  readonly message: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Group extends GroupName {
  readonly counts: Readonly<Record<DecisionState, number>>;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The newest. */
  readonly sample: Sample;
}

interface MutableGroup extends GroupName {
  readonly counts: Record<DecisionState, number>;
  firstAtMs: number;
  lastAtMs: number;
  sample: Sample;
  /** The oldest has gone, and when the next one came is not known yet. */
  isFirstGone: boolean;
}

/** Ids of connectors and codes come from headers, which are unbounded: what is more than so many is one group. */
const MAX_GROUPS = 20_000;
const MAX_MESSAGE_CHARACTERS = 300;
export const OTHERS = '(others)';

export class Groups {
  readonly #numbers = new Map<string, number>();
  readonly #groups: MutableGroup[] = [];

  /** The number of the group of a dead letter that comes; it is counted. */
  add(name: GroupName, atMs: number, state: DecisionState, sample: Sample): number {
    const number = this.#numberOf(name, atMs, sample);
    const group = this.#groupAt(number);
    group.counts[state] += 1;
    if (group.counts.waiting + group.counts.redriven + group.counts.dismissed === 1) {
      group.firstAtMs = atMs;
      group.lastAtMs = -Infinity;
      group.isFirstGone = false;
    }
    if (atMs < group.firstAtMs) group.firstAtMs = atMs;
    if (atMs >= group.lastAtMs) {
      group.lastAtMs = atMs;
      group.sample = { ...sample, message: sample.message.slice(0, MAX_MESSAGE_CHARACTERS) };
    }
    return number;
  }

  /** One was decided about. */
  move(number: number, from: DecisionState, to: DecisionState): void {
    const { counts } = this.#groupAt(number);
    counts[from] -= 1;
    counts[to] += 1;
  }

  /** One has gone. */
  remove(number: number, state: DecisionState, atMs: number): void {
    const group = this.#groupAt(number);
    group.counts[state] -= 1;
    if (atMs <= group.firstAtMs) group.isFirstGone = true;
  }

  at(number: number): Group {
    return this.#groupAt(number);
  }

  /** Those that still have one. */
  all(): readonly Group[] {
    return this.#groups.filter(({ counts }) => counts.waiting + counts.redriven + counts.dismissed > 0);
  }

  /** Numbers of the groups with such a name. */
  numbersOf(matches: (name: GroupName) => boolean): ReadonlySet<number> {
    return new Set(this.#groups.flatMap((group, number) => (matches(group) ? [number] : [])));
  }

  /** Whether some group has lost its oldest, so that `firstAtMs` has to be found again. */
  get isAnyFirstGone(): boolean {
    return this.#groups.some(({ isFirstGone }) => isFirstGone);
  }

  /** `firstAtMs`: of all that are left, by the number of their group. */
  restoreFirst(firstAtMs: ReadonlyMap<number, number>): void {
    for (const [number, group] of this.#groups.entries()) {
      group.firstAtMs = firstAtMs.get(number) ?? group.firstAtMs;
      group.isFirstGone = false;
    }
  }

  #groupAt(number: number): MutableGroup {
    const group = this.#groups[number];
    if (group === undefined) throw new RangeError(`there is no group ${number}`);
    return group;
  }

  #numberOf({ role, code, connector }: GroupName, atMs: number, sample: Sample): number {
    const known = this.#numbers.get(keyOf({ role, code, connector }));
    if (known !== undefined) return known;
    const isFull = this.#groups.length >= MAX_GROUPS;
    const name = isFull ? { role, code: OTHERS, connector: OTHERS } : { role, code, connector };
    const others = this.#numbers.get(keyOf(name));
    if (others !== undefined) return others;
    const counts = { waiting: 0, redriven: 0, dismissed: 0 };
    this.#numbers.set(keyOf(name), this.#groups.length);
    return this.#groups.push({ ...name, counts, firstAtMs: atMs, lastAtMs: atMs, sample, isFirstGone: false }) - 1;
  }
}

function keyOf({ role, code, connector }: GroupName): string {
  return `${role} ${code} ${connector}`;
}
