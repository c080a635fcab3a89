/** Keeps a replay of a partition below the rate that an operator gave. Pure: time is an argument. */
import { openPartitions, type ReplayView } from './replay-view.ts';

/** The partition's part of the replay's rate, undefined where there is none. Partitions that are done leave theirs. */
export function rateOfPartition(view: ReplayView): number | undefined {
  const { recordsPerSecond } = view.order;
  if (recordsPerSecond === undefined) return undefined;
  return recordsPerSecond / Math.max(1, openPartitions(view).length);
}

/** Saved up while nothing is taken, in seconds: no burst after a pause. */
const SAVED_S = 0.25;

export class ReplayAllowance {
  #saved = 1;
  #atMs: number | undefined;

  /** How many matching records may be taken now. The rate may be another one each time. `nowMs` is monotonic. */
  available(recordsPerSecond: number | undefined, nowMs: number): number {
    const passedMs = this.#atMs === undefined ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    if (recordsPerSecond === undefined) return Number.POSITIVE_INFINITY;
    const most = Math.max(1, recordsPerSecond * SAVED_S);
    this.#saved = Math.min(most, this.#saved + (passedMs * recordsPerSecond) / 1_000);
    return Math.max(0, Math.floor(this.#saved));
  }

  /** Undefined where there is something to take now; else how long until there is one record. */
  waitMs(recordsPerSecond: number | undefined, nowMs: number): number | undefined {
    if (recordsPerSecond === undefined || this.available(recordsPerSecond, nowMs) >= 1) return undefined;
    return Math.ceil(((1 - this.#saved) * 1_000) / recordsPerSecond);
  }

  took(records: number): void {
    this.#saved -= records;
  }
}
