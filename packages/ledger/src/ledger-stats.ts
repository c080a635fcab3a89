/** What a partition's ledger holds at the moment. */
import type { StoreStats } from './store/delivery-store.ts';

export interface LedgerStats extends StoreStats {
  /** Recorded, and not yet both acknowledged and in the local copy: `entries` and `diskBytes` are without them. */
  readonly inHand: number;
  /** Acknowledged, and not yet written to the local copy. */
  readonly waitingBytes: number;
  /** Offset of the changelog up to which the copy is complete. */
  readonly nextOffset: bigint;
}
