/** What has reached the API stub, and when. */

export interface Progress {
  /** Calls for events, repetitions included. */
  readonly calls: number;
  /** Different events. */
  readonly distinct: number;
  /** Events that came after a later one of their user. Of those that come again, the same time of each is compared. */
  readonly overtaken: number;
  /** Of the last event that was not a repetition, as `monotonicMs` tells it; NaN before there is one. */
  readonly lastAtMs: number;
}

export interface TimesCome {
  readonly least: number;
  readonly most: number;
}

const FIRST_CAPACITY = 65_536;

export class ArrivalLog {
  readonly #users: number;
  /** By the event's number; NaN for what has not come. */
  #atMs = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);
  /** By the event's number. */
  #times = new Uint8Array(FIRST_CAPACITY);
  /** The highest number of each user that has come: for the first time, for the second time, and so on. */
  readonly #latest: Int32Array[] = [];
  #calls = 0;
  #distinct = 0;
  #overtaken = 0;
  #lastAtMs = Number.NaN;

  /** Event `index` is of user `index % users`. */
  constructor(users: number) {
    this.#users = users;
  }

  add(index: number, atMs: number): void {
    this.#calls += 1;
    this.#reserve(index);
    const before = this.#times[index] ?? 0;
    this.#times[index] = before + 1;
    const latest = (this.#latest[before] ??= new Int32Array(this.#users).fill(-1));
    const user = index % this.#users;
    if (index < (latest[user] ?? -1)) this.#overtaken += 1;
    else latest[user] = index;
    if (before > 0) return;
    this.#atMs[index] = atMs;
    this.#distinct += 1;
    this.#lastAtMs = atMs;
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

  /** Of `count` events from `first` on, the least and the most often that one has come. */
  timesCome(first: number, count: number): TimesCome {
    const times = Array.from({ length: count }, (_, place) => this.#times[first + place] ?? 0);
    return times.reduce(({ least, most }, each) => ({ least: Math.min(least, each), most: Math.max(most, each) }), {
      least: Number.POSITIVE_INFINITY,
      most: 0,
    });
  }

  #reserve(index: number): void {
    if (index < this.#atMs.length) return;
    const capacity = Math.max(index + 1, this.#atMs.length * 2);
    const [atMs, times] = [new Float64Array(capacity).fill(Number.NaN), new Uint8Array(capacity)];
    atMs.set(this.#atMs);
    times.set(this.#times);
    this.#atMs = atMs;
    this.#times = times;
  }
}
