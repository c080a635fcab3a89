/** How much a tail may read in a second, over all partitions of its topic. Pure; the time is an argument. */

export class ReadBudget {
  readonly #recordsPerSecond: number;
  #left: number;
  #atMs: number | undefined;

  constructor(recordsPerSecond: number) {
    this.#recordsPerSecond = recordsPerSecond;
    this.#left = recordsPerSecond;
  }

  /**
   * Takes what has been read; returns how long to wait before anything more is read. More than a second's worth is not
   * saved up.
   */
  take(records: number, nowMs: number): number {
    const elapsedMs = this.#atMs === undefined ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    const gained = (elapsedMs * this.#recordsPerSecond) / 1_000;
    this.#left = Math.min(this.#recordsPerSecond, this.#left + gained) - records;
    return this.#left >= 0 ? 0 : (-this.#left * 1_000) / this.#recordsPerSecond;
  }
}
