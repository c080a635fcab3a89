import type { Clock } from '@astrolabe/service-kit/clock';
import type { PartitionShare } from '../core/share/partition-share.ts';
import {
  noHistory,
  ownsSinceMs,
  recordShare,
  smallestShareFrom,
  type ShareHistory,
} from '../core/share/share-history.ts';

/** What this instance may use of the connectors' limits now. */
export interface InstanceShares {
  /** Of `callsPerSecond`. */
  readonly rate: PartitionShare;
  /** Of `maxConcurrentCalls`. */
  readonly calls: PartitionShare;
}

export interface SettledSharesOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** How long calls that the former owner of a partition gave up may still be at work at the API. */
  readonly callRiseMs: number;
  /** What may be used has changed. */
  readonly onChange: () => void;
}

/**
 * One second for the calls that the former owner made before it learnt of the loss: they count in the second that
 * follows. One more for that owner to learn of it, which takes milliseconds unless it is very busy.
 */
export const RATE_RISE_MS = 2_000;

/**
 * Shares that follow the assignment: down at once, up when what other instances may have under way is over.
 *
 * An instance that comes from nothing takes its share of calls in flight at once: otherwise each restart would rest for
 * as long as a call may take. Until then the calls that the former owners gave up come on top.
 */
export class SettledShares {
  readonly #options: SettledSharesOptions;
  #history: ShareHistory = noHistory;
  #current: InstanceShares;

  constructor(options: SettledSharesOptions) {
    this.#options = options;
    this.#current = this.#settledAt(options.clock.monotonicMs());
  }

  get current(): InstanceShares {
    return this.#current;
  }

  /** To be called at each change of the assignment, and again and again in between: a share rises with time. */
  update(share: PartitionShare): void {
    const { clock, callRiseMs, onChange } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#history = recordShare(this.#history, share, nowMs, Math.max(RATE_RISE_MS, callRiseMs));
    const before = this.#current;
    this.#current = this.#settledAt(nowMs);
    const isChanged = !isSame(before.rate, this.#current.rate) || !isSame(before.calls, this.#current.calls);
    if (isChanged) onChange();
  }

  #settledAt(nowMs: number): InstanceShares {
    const callsFromMs = Math.max(nowMs - this.#options.callRiseMs, ownsSinceMs(this.#history) ?? nowMs);
    return {
      rate: smallestShareFrom(this.#history, nowMs - RATE_RISE_MS),
      calls: smallestShareFrom(this.#history, callsFromMs),
    };
  }
}

function isSame(one: PartitionShare, other: PartitionShare): boolean {
  return one.owned === other.owned && one.total === other.total;
}
