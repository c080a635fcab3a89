/** What became of the records of a replay, and how long it gave way. Pure state. */
import { noDispatcherCounts, type DispatcherCounts } from '@astrolabe/replay';
import type { ReplayOutcome } from '../core/replay/known-outcome.ts';

/** As metrics name them. */
export const outcomeLabels: Readonly<Record<ReplayOutcome, string>> = {
  replayedBefore: 'replayed-before',
  filteredOut: 'filtered-out',
  unreadable: 'unreadable',
  expired: 'expired',
  cancelled: 'cancelled',
  knownToLedger: 'known-to-ledger',
  delivered: 'delivered',
  duplicate: 'duplicate',
  deadLettered: 'dead-lettered',
};

export class OutcomeCounts {
  readonly #counts: Record<ReplayOutcome, number>;
  #gaveWayMs: number;

  /** Goes on from what an earlier owner has stored. */
  constructor(counts: DispatcherCounts = noDispatcherCounts, gaveWayMs = 0) {
    this.#counts = { ...counts };
    this.#gaveWayMs = gaveWayMs;
  }

  get counts(): DispatcherCounts {
    return { ...this.#counts };
  }

  /** Whole milliseconds. */
  get gaveWayMs(): number {
    return Math.round(this.#gaveWayMs);
  }

  add(outcome: ReplayOutcome, records: number): void {
    this.#counts[outcome] += records;
  }

  gaveWay(ms: number): void {
    this.#gaveWayMs += ms;
  }
}
