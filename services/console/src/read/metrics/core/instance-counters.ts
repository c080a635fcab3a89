/**
 * How much the counters of one instance have grown since the last look, restarts included. A counter is one of its
 * process: it begins at 0 with it, and what it counted between the last look and its end is not known. Pure.
 */

/** What one look at an instance has shown. */
export interface Scrape {
  /** Tells processes at one address apart. Epoch milliseconds. */
  readonly startedAtMs: number;
  /** By series. */
  readonly counters: ReadonlyMap<string, number>;
}

export interface Growth {
  readonly increases: ReadonlyMap<string, number>;
  /** `ended`: another process was there before, and its last counts are not known. */
  readonly kind: 'complete' | 'first' | 'ended';
}

const NONE: ReadonlyMap<string, number> = new Map();

export class InstanceCounters {
  #last: Scrape | undefined;

  /**
   * `watchedSinceMs`: since when looks at this address have been tried. A process that is younger is counted from its
   * start; of an older one what it counted before the first look belongs to nobody's period.
   */
  grow(scrape: Scrape, watchedSinceMs: number): Growth {
    const before = this.#last;
    this.#last = scrape;
    if (before === undefined) {
      const isYoung = scrape.startedAtMs >= watchedSinceMs;
      return { kind: isYoung ? 'complete' : 'first', increases: isYoung ? positive(scrape.counters) : NONE };
    }
    if (isSameProcess(before, scrape)) return { kind: 'complete', increases: since(before.counters, scrape.counters) };
    return { kind: 'ended', increases: positive(scrape.counters) };
  }
}

/** The time of its start has whole seconds only, so a process that starts at once is told by its counters. */
function isSameProcess(before: Scrape, now: Scrape): boolean {
  if (before.startedAtMs !== now.startedAtMs) return false;
  for (const [series, value] of before.counters) if ((now.counters.get(series) ?? 0) < value) return false;
  return true;
}

function since(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const increases = new Map<string, number>();
  for (const [series, value] of now) {
    const increase = value - (before.get(series) ?? 0);
    if (increase > 0) increases.set(series, increase);
  }
  return increases;
}

function positive(counters: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...counters].filter(([, value]) => value > 0));
}
