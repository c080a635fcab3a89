/**
 * What was counted, at each look of the last two days: totals that only grow, so that the count of any period is a
 * difference. Every look of the last minutes is kept, of older ones one a minute. Pure.
 */

export interface CounterHistoryBounds {
  readonly keptMs: number;
  /** Every look of so long is kept. */
  readonly fineMs: number;
  /** Of older ones, one for each of these. */
  readonly coarseMs: number;
}

interface Look {
  readonly atMs: number;
  /** By the index of the name. A name that came later has no place here: it stood at 0. */
  readonly totals: Float64Array;
}

export interface CountedPeriod {
  readonly fromMs: number;
  readonly toMs: number;
  readonly counts: ReadonlyMap<string, number>;
}

export class CounterHistory {
  readonly #bounds: CounterHistoryBounds;
  readonly #indexes = new Map<string, number>();
  #totals: number[] = [];
  #looks: Look[] = [];
  #thinnedAtMs = -Infinity;

  constructor(bounds: CounterHistoryBounds) {
    this.#bounds = bounds;
  }

  get firstAtMs(): number | undefined {
    return this.#looks[0]?.atMs;
  }

  get lastAtMs(): number | undefined {
    return this.#looks.at(-1)?.atMs;
  }

  get size(): number {
    return this.#looks.length;
  }

  /** What is counted while the clock is set back is part of the next look behind the last. */
  add(atMs: number, increases: ReadonlyMap<string, number>): void {
    for (const [name, increase] of increases) {
      let index = this.#indexes.get(name);
      if (index === undefined) {
        index = this.#totals.length;
        this.#indexes.set(name, index);
        this.#totals.push(0);
      }
      this.#totals[index] = (this.#totals[index] ?? 0) + increase;
    }
    const last = this.#looks.at(-1);
    if (last !== undefined && atMs <= last.atMs) return;
    this.#looks.push({ atMs, totals: Float64Array.from(this.#totals) });
    this.#thin(atMs);
  }

  /**
   * From the last look at or before `fromMs`, or from the first of all, to the last at or before `toMs`; undefined
   * where these are not two looks.
   */
  period(fromMs: number, toMs: number): CountedPeriod | undefined {
    const from = this.#lookAt(fromMs) ?? this.#looks[0];
    const to = this.#lookAt(toMs);
    if (from === undefined || to === undefined || to.atMs <= from.atMs) return undefined;
    const counts = new Map<string, number>();
    for (const [name, index] of this.#indexes) {
      const count = (to.totals[index] ?? 0) - (from.totals[index] ?? 0);
      if (count > 0) counts.set(name, count);
    }
    return { fromMs: from.atMs, toMs: to.atMs, counts };
  }

  /** The last look at or before a time. */
  #lookAt(atMs: number): Look | undefined {
    let low = 0;
    let high = this.#looks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#looks[middle]?.atMs ?? Infinity) <= atMs) low = middle + 1;
      else high = middle;
    }
    return this.#looks[low - 1];
  }

  /** Once for each of the coarse steps: a pass over all costs little then. */
  #thin(nowMs: number): void {
    const { keptMs, fineMs, coarseMs } = this.#bounds;
    if (nowMs - this.#thinnedAtMs < coarseMs) return;
    this.#thinnedAtMs = nowMs;
    const kept: Look[] = [];
    for (const [index, look] of this.#looks.entries()) {
      const next = this.#looks[index + 1];
      // The last look that is too old is where the oldest period begins.
      if (next !== undefined && next.atMs <= nowMs - keptMs) continue;
      const before = kept.at(-1);
      const isFine = look.atMs > nowMs - fineMs;
      if (!isFine && before !== undefined && next !== undefined && next.atMs - before.atMs <= coarseMs) continue;
      kept.push(look);
    }
    this.#looks = kept;
  }
}
