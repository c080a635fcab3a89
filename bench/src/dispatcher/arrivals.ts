/** What has reached the API stub, by the number that each command's time holds. */
import { USERS } from './commands.ts';

export interface Arrivals {
  /** Commands that came, repetitions included. */
  readonly commands: number;
  /** Different commands. */
  readonly distinct: number;
  /** Commands that came after a later one of the same user. */
  readonly overtaken: number;
  /** Of the first and the last one, on the stub's monotonic clock; NaN before there is one. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly nowMs: number;
}

export class ArrivalCount {
  readonly #seen = new Set<number>();
  readonly #latest = new Int32Array(USERS).fill(-1);
  #commands = 0;
  #overtaken = 0;
  #firstAtMs = Number.NaN;
  #lastAtMs = Number.NaN;

  add(index: number, user: number, nowMs: number): void {
    if (this.#commands === 0) this.#firstAtMs = nowMs;
    this.#lastAtMs = nowMs;
    this.#commands += 1;
    this.#seen.add(index);
    if (index < (this.#latest[user] ?? -1)) this.#overtaken += 1;
    else this.#latest[user] = index;
  }

  arrivals(nowMs: number): Arrivals {
    return {
      commands: this.#commands,
      distinct: this.#seen.size,
      overtaken: this.#overtaken,
      firstAtMs: this.#firstAtMs,
      lastAtMs: this.#lastAtMs,
      nowMs,
    };
  }
}
