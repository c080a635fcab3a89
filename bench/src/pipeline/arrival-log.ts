/** What has reached the API stub, and when. */

export interface Progress {
  /** Calls for events, repetitions included. */
  readonly calls: number;
  /** Different events. */
  readonly distinct: number;
  /** Events that came after a later one of their user. */
  readonly overtaken: number;
  /** Of the last event that was not a repetition, as `monotonicMs` tells it; NaN before there is one. */
  readonly lastAtMs: number;
}

const FIRST_CAPACITY = 65_536;

export class ArrivalLog {
  readonly #users: number;
  /** By the event's number; NaN for what has not come. */
  #atMs = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);
  /** The highest number of each user that has come. */
  readonly #latest: Int32Array;
  #calls = 0;
  #distinct = 0;
  #overtaken = 0;
  #lastAtMs = Number.NaN;

  /** Event `index` is of user `index % users`. */
  constructor(users: number) {
    this.#users = users;
    this.#latest = new Int32Array(users).fill(-1);
  }

  add(index: number, atMs: number): void {
    this.#calls += 1;
    this.#reserve(index);
    if (!Number.isNaN(this.#atMs[index])) return;
    this.#atMs[index] = atMs;
    this.#distinct += 1;
    this.#lastAtMs = atMs;
    const user = index % this.#users;
    if (index < (this.#latest[user] ?? -1)) this.#overtaken += 1;
    else this.#latest[user] = index;
  }

  progress(): Progress {
    return { calls: this.#calls, distinct: this.#distinct, overtaken: this.#overtaken, lastAtMs: this.#lastAtMs };
  }

  /** When each of `count` events from `first` on came; null for what has not come. */
  times(first: number, count: number): readonly (number | null)[] {
    return Array.from({ length: count }, (_, place) => {
      const atMs = this.#atMs[first + place] ?? Number.NaN;
      return Number.isNaN(atMs) ? null : atMs;
    });
  }

  #reserve(index: number): void {
    if (index < this.#atMs.length) return;
    const grown = new Float64Array(Math.max(index + 1, this.#atMs.length * 2)).fill(Number.NaN);
    grown.set(this.#atMs);
    this.#atMs = grown;
  }
}
